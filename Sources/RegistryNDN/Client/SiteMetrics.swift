internal import NIOCore

/// The metrics of one registry behind the client, docs/metrics.md.
struct SiteMetrics: Sendable {
    let prefix: String
    let totals: RequestTotals.Values
    let path: PathSnapshot

    /// - Parameter now: seconds since 1970.
    static func write(_ sites: [SiteMetrics], hasRouter: Bool, now: Double, to text: inout MetricsText) {
        writeRequests(sites, to: &text)
        writeTransfers(sites, to: &text)
        text.gauge("registry_ndn_router_connected", "Whether there is a router to ask.", [.init(hasRouter)])
        writePaths(sites, hasRouter: hasRouter, now: now, to: &text)
    }

    private typealias Sample = MetricsText.Sample

    private static func writeRequests(_ sites: [SiteMetrics], to text: inout MetricsText) {
        text.counter(
            "registry_ndn_requests_total",
            "HTTP requests that are over, by where the octets of the answer came from and its status.",
            sites.flatMap { site in
                site.totals.answers.sorted { ($0.key.source, $0.key.code) < ($1.key.source, $1.key.code) }
                    .map { Sample($1, site.label, ("source", $0.source), ("code", $0.code)) }
            })
        text.counter(
            "registry_ndn_request_failures_total", "HTTP requests that were not answered to their end, or refused.",
            sites.map { Sample($0.totals.failures, $0.label) })
        text.counter(
            "registry_ndn_fallbacks_total", "Requests for a blob that left NDN, by the reason.",
            sites.flatMap { site in
                Fallback.Reason.allCases.map {
                    Sample(site.totals.fallbacksByReason[$0] ?? 0, site.label, ("reason", $0.rawValue))
                }
            })
        text.histogram(
            "registry_ndn_blob_first_byte_seconds",
            "From a request for a blob to the begin of its answer, of those answered to their end.",
            sites.flatMap { $0.histograms(\.begins) })
        text.histogram(
            "registry_ndn_blob_duration_seconds",
            "From a request for a blob to the end of its answer, of those answered to their end.",
            sites.flatMap { $0.histograms(\.durations) })
    }

    private static func writeTransfers(_ sites: [SiteMetrics], to text: inout MetricsText) {
        text.counter(
            "registry_ndn_received_bytes_total", "Octets that answers were made of, by where they came from.",
            sites.flatMap {
                [
                    Sample($0.totals.ndnBytes, $0.label, ("source", "ndn")),
                    Sample($0.totals.upstreamBytes, $0.label, ("source", "upstream")),
                ]
            })
        func counter(_ name: String, _ help: String, _ value: (RequestTotals.Values) -> UInt64) {
            text.counter(name, help, sites.map { Sample(value($0.totals), $0.label) })
        }
        counter(
            "registry_ndn_repaired_bytes_total",
            "Octets from the upstream that stand for segments which NDN gave only faulty.", \.repairedBytes)
        counter("registry_ndn_segments_total", "Data packets that brought a new part of a blob.", \.segments)
        counter("registry_ndn_retransmissions_total", "Interests that were sent again.", \.retries)
        counter("registry_ndn_congestion_marks_total", "Data packets with a congestion mark.", \.marks)
        counter("registry_ndn_nacks_total", "Nacks of the network for segments.", \.nacks)
    }

    private static func writePaths(
        _ sites: [SiteMetrics], hasRouter: Bool, now: Double, to text: inout MetricsText
    ) {
        func gauge(_ name: String, _ help: String, _ sample: (SiteMetrics) -> Sample?) {
            text.gauge(name, help, sites.compactMap(sample))
        }
        gauge("registry_ndn_path_up", "Whether blobs are asked for over NDN.") {
            Sample($0.path.isUp && hasRouter, $0.label)
        }
        gauge(
            "registry_ndn_ndn_degraded",
            "Whether blobs are asked for, and for a minute next to nothing of them came over NDN."
        ) { Sample($0.path.drought != nil, $0.label) }
        gauge(
            "registry_ndn_last_ndn_success_timestamp_seconds",
            "When something of a blob came over NDN last, since unix epoch; 0 for never."
        ) { Sample($0.path.sinceSuccess.map { now - Double($0.nanoseconds) / 1e9 } ?? 0, $0.label) }
        gauge("registry_ndn_pulls_in_progress", "Blobs that are being read over NDN.") {
            Sample($0.path.pulls, $0.label)
        }
        gauge("registry_ndn_router_rtt_seconds", "Smoothed round-trip time, of the last blob that told it.") { site in
            site.path.roundTrip.map { Sample(Double($0.nanoseconds) / 1e9, site.label) }
        }
        gauge("registry_ndn_window_segments", "Congestion window of the blobs being read, 0 while there are none.") {
            Sample($0.path.window, $0.label)
        }
        gauge("registry_ndn_outstanding_segments", "Segments that are asked for, and not here yet.") {
            Sample($0.path.outstanding, $0.label)
        }
    }

    private var label: MetricsText.Label { ("prefix", prefix) }

    private func histograms(
        _ histograms: KeyPath<RequestTotals.Values, [String: Histogram]>
    ) -> [(Histogram, [MetricsText.Label])] {
        totals[keyPath: histograms].sorted { $0.key < $1.key }.map { ($1, [label, ("source", $0)]) }
    }
}
