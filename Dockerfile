# One image for client, server and forwarder, which docs/containers.md describes:
#     docker build -t registry-ndn .
# A Debian with Swift to build in, and a Debian to run in: the program needs no older glibc than that of Debian 12.
ARG SWIFT=swift:6.2-bookworm
ARG BASE=debian:12-slim
# Where /registry-ndn is taken from: the stage that builds it, or an image of that name.
ARG PROGRAM=build

FROM ${SWIFT} AS build
RUN apt-get update && apt-get install -y --no-install-recommends libssl-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN swift build -c release --static-swift-stdlib --product registry-ndn -Xlinker -s \
    && cp .build/release/registry-ndn /registry-ndn

FROM ${PROGRAM} AS program

FROM ${BASE}
# A base that has these packages is taken as it is.
RUN dpkg --status ca-certificates libssl3 zlib1g >/dev/null 2>&1 \
    || { apt-get update \
        && apt-get install -y --no-install-recommends ca-certificates libssl3 zlib1g \
        && rm -rf /var/lib/apt/lists/*; }
# A number for a user, so that whoever demands one that is not root can see that it is none. Volumes get these folders' owner.
RUN install -d -o 10001 -g 10001 -m 0750 /run/registry-ndn /var/lib/registry-ndn /var/cache/registry-ndn
COPY --from=program /registry-ndn /usr/bin/registry-ndn
# Where the forwarder's socket is, the keychain, and the routers that NDN-FCH named last.
ENV XDG_RUNTIME_DIR=/run/registry-ndn XDG_DATA_HOME=/var/lib XDG_CACHE_HOME=/var/cache
USER 10001:10001
# Asks the client's endpoint; server and forwarder have none, and it is enough that they run.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 CMD ["registry-ndn", "health"]
ENTRYPOINT ["registry-ndn"]
CMD ["--help"]
