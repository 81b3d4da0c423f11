internal import NDN
internal import NIOCore
internal import Synchronization

/// How the client is, for those who watch it.
package final class ClientMonitor: Monitored {
    private struct View {
        var sites: [RegistrySite]
        let network: any BlobNetwork
        let requests: RequestsUnderWay
        var isEnding = false
    }

    private let view = Mutex<View?>(nil)

    package init() {}

    /// Requests are served from now on.
    func begin(_ sites: [RegistrySite], _ network: any BlobNetwork, _ requests: RequestsUnderWay) {
        view.withLock { $0 = View(sites: sites, network: network, requests: requests) }
    }

    /// Other registries are served from now on.
    func serves(_ sites: [RegistrySite]) { view.withLock { $0?.sites = sites } }

    /// The program ends: nothing new is accepted, and the event loops are not asked any more.
    func end() { view.withLock { $0?.isEnding = true } }

    package func readiness() async -> Readiness {
        guard let view = view.withLock({ $0 }) else { return .notReady("the client does not listen yet") }
        // The event loops may have ended already.
        guard !view.isEnding else { return .notReady("the client is ending") }
        // Comes back from the event loop of the face.
        _ = await view.network.isConnected()
        let now = NIODeadline.now()
        let failing = view.sites.compactMap { $0.failing(now: now) }
        let droughts = view.sites.compactMap { site in
            site.path.snapshot().drought.map { drought in
                let amount = drought.hasBrought ? "next to nothing" : "no blob"
                let blobs = view.sites.count == 1 ? amount : "\(amount) of \(site.prefix)"
                return "\(blobs) came over NDN for \(drought.seconds) s: \(drought.reason)"
            }
        }
        let reasons = failing + droughts
        return reasons.isEmpty ? .ready : .degraded(reasons.joined(separator: "; "))
    }

    package func write(to text: inout MetricsText) async {
        guard let view = view.withLock({ $0 }) else { return }
        let hasRouter = await view.isEnding ? false : view.network.isConnected()
        var names: [String: Int] = [:]
        let sites = view.sites.map { site in
            // Several registries may have their blobs under one prefix, and no two lines may be alike.
            let count = names["\(site.prefix)", default: 0] + 1
            names["\(site.prefix)"] = count
            return SiteMetrics(
                prefix: count == 1 ? "\(site.prefix)" : "\(site.prefix)#\(count)", totals: site.totals.values,
                path: site.path.snapshot())
        }
        SiteMetrics.write(sites, hasRouter: hasRouter, now: Double(WallClock.milliseconds()) / 1000, to: &text)
        text.gauge(
            "registry_ndn_requests_in_progress", "HTTP requests that are being answered.",
            [.init(view.requests.count)])
    }

    package func write(to state: inout ProgramState) async {
        state.program = "client"
        var client = ClientState()
        defer { state.client = client }
        guard let view = view.withLock({ $0 }), !view.isEnding else {
            if case .notReady(let why) = await readiness() { state.health = .init(.notReady, reason: why) }
            return
        }
        let (hasRouter, routers) = (await view.network.isConnected(), await view.network.routers())
        let paths = view.sites.map { $0.path.snapshot() }
        client.requests = view.requests.count
        client.write(view.sites, paths, hasRouter: hasRouter, now: .now())
        client.write(routers, roundTrip: paths.compactMap(\.roundTrip).min())
        state.health =
            Self.failure(of: view.sites, now: .now())
            ?? Self.health(zip(view.sites, paths), hasRouter: hasRouter, routers)
    }

    /// Worse than NDN that is not used: whoever pulls gets an error.
    private static func failure(of sites: [RegistrySite], now: NIODeadline) -> ProgramState.Health? {
        let failing = sites.compactMap { $0.failing(now: now) }
        guard !failing.isEmpty else { return nil }
        return .init(
            .degraded, summary: "Pulls fail", reason: failing.joined(separator: "; "),
            remedy:
                "look whether the registry runs and answers this machine: `registry-ndn doctor` with the client's options tells"
        )
    }

    /// Earlier than `readiness()`, which waits for a minute of fallbacks: whoever looks wants to know at once.
    private static func health(
        _ sites: some Sequence<(RegistrySite, PathSnapshot)>, hasRouter: Bool, _ routers: [RouterStanding]
    ) -> ProgramState.Health {
        if !hasRouter {
            return .init(
                .degraded, summary: unused,
                reason: routers.first?.trouble
                    ?? (routers.isEmpty ? "no router is known" : "there is no connection to a router"),
                remedy: "start the router, or name another one by \(RegistrySetting.router)")
        }
        for (site, path) in sites where !path.isUp || path.drought != nil {
            return .init(
                .degraded, summary: unused,
                reason: "\(site.prefix): " + (path.drought?.reason ?? path.fallback?.description ?? "NDN path down"),
                remedy: (path.fallback ?? .pathDown).remedy)
        }
        return .init()
    }

    private static let unused = "NDN is not used"
}

extension RegistrySite {
    /// That pulls from it fail, and why; nil when they do not.
    fileprivate func failing(now: NIODeadline) -> String? {
        totals.values.trouble.reason(now: now).map { "pulls from \(upstream.base) fail: \($0)" }
    }
}

extension ClientState {
    fileprivate mutating func write(
        _ sites: [RegistrySite], _ paths: [PathSnapshot], hasRouter: Bool, now: NIODeadline
    ) {
        var history = Array(repeating: ByteHistory.Minute(), count: ByteHistory.length)
        var over: [(end: NIODeadline, pull: Pull)] = []
        for (site, path) in zip(sites, paths) {
            let running = site.pulls.running
            let totals = site.totals.values
            pullCount += running.count
            pulls += running.map { Pull($0, at: site.prefix, now: now) }
            over += site.pulls.finished.map { ($0.end, Pull($0, at: site.prefix)) }
            var hour = totals.history
            for pull in running {
                hour.add(ndn: pull.ndnBytes, upstream: pull.upstreamBytes, from: pull.began, to: now)
            }
            for (index, minute) in hour.minutes(now: now).enumerated() {
                history[index].ndn += minute.ndn
                history[index].upstream += minute.upstream
            }
            registries.append(Registry(site, path, totals, running, hasRouter: hasRouter))
        }
        pulls = Array(pulls.sorted { $0.seconds > $1.seconds }.prefix(ProgramState.longest))
        recent = over.sorted { $0.end > $1.end }.prefix(RunningPulls.finishedLimit).map(\.pull)
        hour.ndnBytes = history.map(\.ndn)
        hour.upstreamBytes = history.map(\.upstream)
    }

    fileprivate mutating func write(_ standings: [RouterStanding], roundTrip: TimeAmount?) {
        routers = standings.prefix(ProgramState.longest).map { router in
            .init(
                uri: "\(router.uri)", isUsed: router.isUsed, isUp: router.isUp,
                roundTripSeconds: ((router.isUsed ? roundTrip : nil) ?? router.roundTrip)?.seconds,
                trouble: router.trouble)
        }
    }
}

extension ClientState.Pull {
    fileprivate init(_ pull: RunningPull, at prefix: Name, now: NIODeadline) {
        self.init(
            id: pull.id, prefix: "\(prefix)", repository: pull.repository, digest: pull.digest,
            ndnBytes: pull.ndnBytes, upstreamBytes: pull.upstreamBytes, size: pull.size,
            seconds: (now - pull.began).seconds)
    }

    fileprivate init(_ finished: RunningPulls.Finished, at prefix: Name) {
        self.init(finished.pull, at: prefix, now: finished.end)
        (fallback, status, failure) = (finished.fallback, finished.status, finished.failure)
    }
}

extension ClientState.Registry {
    /// - Parameters:
    ///   - running: the pulls that are not in the totals yet.
    ///   - hasRouter: whether there is a router to ask; without one no path stands, though no pull has noticed yet.
    fileprivate init(
        _ site: RegistrySite, _ path: PathSnapshot, _ totals: RequestTotals.Values, _ running: [RunningPull],
        hasRouter: Bool
    ) {
        self.init(
            prefix: "\(site.prefix)", url: "\(site.upstream.base)", isUp: path.isUp && hasRouter,
            standing: hasRouter ? path.standing : "no router",
            requests: totals.requests, ndnBytes: running.reduce(totals.ndnBytes) { $0 + $1.ndnBytes },
            upstreamBytes: running.reduce(totals.upstreamBytes) { $0 + $1.upstreamBytes },
            fallbacks: totals.fallbacks, roundTripSeconds: path.roundTrip?.seconds, windowSegments: path.window,
            secondsSinceNdn: path.sinceSuccess?.seconds)
    }
}
