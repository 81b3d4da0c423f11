internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// Answers those who watch a program, at an endpoint of their own: probes and metrics whatever host they name, the page and what it
/// shows only for a host that is ours.
package final class AdminResponder: HTTPResponder {
    /// Who may look at a time; each has the state made once a second.
    static let viewers = 8

    /// Connections at a time: a scrape, probes, and some people. Of viewers that take nothing not much is held, and that for no more
    /// than ten seconds: they must not keep others out.
    package static var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.connections = 64
        limits.responseTimeout = .seconds(5)
        limits.sendBuffer = 16 << 10
        return limits
    }

    private static let tooMany = AdminAnswers.text(
        .serviceUnavailable, "\(viewers) are looking already: close another page, or ask again in a moment\n",
        ["Retry-After": "5"])

    private let answers: AdminAnswers
    private let hosts: OwnHosts
    private let interval: Duration
    private let watching = Atomic(0)

    /// - Parameters:
    ///   - hosts: the names by which people reach the endpoint.
    ///   - interval: from one state to the next.
    package init(_ answers: AdminAnswers, hosts: OwnHosts = OwnHosts(), interval: Duration = .seconds(1)) {
        self.answers = answers
        self.hosts = hosts
        self.interval = interval
    }

    package func respond(to request: HTTPRequest, _ response: inout ResponseWriter) async throws {
        let head = request.head
        let path = head.uri.prefix { $0 != "?" }
        guard path == "/" || path == "/events" else {
            return try await response.send(await answers.answer(head.method, head.uri) ?? AdminAnswers.notFound)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return try await response.send(AdminAnswers.onlyReading)
        }
        let host = head.headers.first(name: "host") ?? ""
        guard hosts.contains(host) else {
            guard !host.isEmpty else {
                return try await response.send(
                    AdminAnswers.text(
                        .forbidden, "this page is not shown to a request without a Host field: send one\n"))
            }
            let why =
                "this page is not shown for the host \(host[...].abridged(to: 100)), which may be a web page's own"
            return try await response.send(
                AdminAnswers.text(.forbidden, "\(why): \(RegistrySetting.adminHosts) says that it is ours\n"))
        }
        if let sign = Self.sign(of: head, for: host) {
            return try await response.send(
                AdminAnswers.text(.forbidden, "\(path) is not shown to pages of other sites: \(sign)\n"))
        }
        guard path == "/events" else { return try await response.send(AdminPage.answer) }
        try await show(isHead: head.method == .HEAD, &response)
    }

    /// The sign that a page of another site asks; nil where there is none. A link to the page may stand anywhere: what is opened by it
    /// is shown to a person, and in no frame.
    private static func sign(of head: HTTPRequestHead, for host: String) -> Requester.Sign? {
        let headers = head.headers
        if let origin = headers.first(name: "origin"), !origin.lowercased().hasSuffix("://\(host.lowercased())") {
            return .origin(origin[...].abridged(to: 100))
        }
        let isOpened =
            head.uri.prefix { $0 != "?" } == "/" && headers["sec-fetch-mode"] == ["navigate"]
            && headers["sec-fetch-dest"] == ["document"]
        let foreign = headers["sec-fetch-site"].first { !["none", "same-origin"].contains($0.lowercased()) }
        return isOpened ? nil : foreign.map { .site($0[...].abridged(to: 100)) }
    }

    /// Sends the state again and again, as server-sent events (HTML standard, section 9.2). Each state is made when the one before has
    /// been taken: a viewer that does not read holds none but that.
    private func show(isHead: Bool, _ response: inout ResponseWriter) async throws {
        let count = watching.add(1, ordering: .relaxed).newValue
        defer { watching.subtract(1, ordering: .relaxed) }
        guard count <= Self.viewers else { return try await response.send(Self.tooMany) }
        response.endWithConnection()
        try await response.start(.ok, ["Content-Type": "text/event-stream", "Cache-Control": "no-store"])
        guard !isHead else { return try await response.finish() }
        // Until the viewer goes, or the program ends: both cancel the task.
        while true {
            var event = ByteBuffer(string: "data: ")
            event.writeBytes(try await answers.state().json())
            event.writeString("\n\n")
            try await response.write(event)
            try await Task.sleep(for: interval)
        }
    }
}

extension ResponseWriter {
    mutating func send(_ answer: AdminAnswers.Answer) async throws {
        try await send(answer.status, answer.headers, ByteBuffer(string: answer.body))
    }
}
