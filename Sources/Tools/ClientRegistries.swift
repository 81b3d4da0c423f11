import Logging
import NDN
import NIOCore
import RegistryNDN

/// The registries of a running client, with their connections: made at the start, and again as far as others are named later.
actor ClientRegistries {
    /// What all of them have in common, and keep.
    struct Common: Sendable {
        let connecting: UpstreamConfiguration
        let network: any BlobNetwork
        let probeName: Name?
        let policy: FallbackPolicy
        let isInsecure: Bool
        let connections: any EventLoopGroup
    }

    /// Those that are to be served, ready to take over.
    struct Plan: Sendable {
        fileprivate let members: [Member]
        let served: ServedRegistries
    }

    /// What a site is made of: where that is the same, so is the site.
    fileprivate struct Key: Hashable {
        let url: UpstreamURL
        let name: Name
        let credentials: String?
    }

    fileprivate struct Member: Sendable {
        let key: Key
        let keeper: CredentialKeeper?
        let site: RegistrySite
    }

    private let common: Common
    private let logger: Logger
    private var members: [Member] = []

    init(_ common: Common, logger: Logger) {
        self.common = common
        self.logger = logger
    }

    /// Makes the sites of registries that are not served yet. Nothing changes by that.
    ///
    /// - Throws: what is wrong with credentials.
    func plan(
        _ registries: MirroredRegistries, _ access: CredentialOptions, lending: LendingRule
    ) async throws -> Plan {
        var left = members
        var planned: [Member] = []
        for registry in registries.registries {
            let key = Key(
                url: registry.url, name: registry.name, credentials: registry.credentials ?? access.credentials)
            if let index = left.firstIndex(where: { $0.key == key }) {
                planned.append(left.remove(at: index))
            } else {
                let isOnly = registries.registries.count == 1
                planned.append(try await member(key, registry.credentials, isOnly: isOnly, access))
            }
        }
        let served = ServedRegistries(
            sites: planned.map(\.site), upstreams: registries.upstreams, lending: lending)
        return Plan(members: planned, served: served)
    }

    /// Those of the plan are served from now on.
    func follow(_ plan: Plan) { members = plan.members }

    private func member(
        _ key: Key, _ file: String?, isOnly: Bool, _ access: CredentialOptions
    ) async throws -> Member {
        var connecting = common.connecting
        connecting.isForOthers = true
        connecting.credentials = try await access.newKeeper(
            for: .init(url: key.url, file: file, isRequired: isOnly, isInsecure: common.isInsecure), logger: logger)
        let upstream = UpstreamClient(
            base: key.url, group: common.connections, configuration: connecting, logger: logger)
        let site = RegistrySite(
            prefix: key.name, source: BlobSource(network: common.network, probeName: common.probeName),
            upstream: upstream, policy: common.policy, logger: logger)
        return Member(key: key, keeper: connecting.credentials, site: site)
    }

    /// The credentials, to be read again.
    var reloads: [Reload] {
        get async {
            var reloads: [Reload] = []
            for member in members {
                if let keeper = member.keeper { reloads.append(await .of(keeper)) }
            }
            return reloads
        }
    }
}
