internal import NDN
internal import NIOCore
internal import Synchronization

/// How the client is, for those who watch it.
package final class ClientMonitor: Monitored {
    private struct View {
        let sites: [RegistrySite]
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

    /// The program ends: nothing new is accepted, and the event loops are not asked any more.
    func end() { view.withLock { $0?.isEnding = true } }

    package func readiness() async -> Readiness {
        guard let view = view.withLock({ $0 }) else { return .notReady("the client does not listen yet") }
        // The event loops may have ended already.
        guard !view.isEnding else { return .notReady("the client is ending") }
        // Comes back from the event loop of the face.
        _ = await view.network.isConnected()
        let droughts = view.sites.compactMap { site in
            site.path.snapshot().drought.map { drought in
                let blob = view.sites.count == 1 ? "no blob" : "no blob of \(site.prefix)"
                return "\(blob) came over NDN for \(drought.seconds) s: \(drought.reason)"
            }
        }
        return droughts.isEmpty ? .ready : .degraded(droughts.joined(separator: "; "))
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
}
