internal import Logging
package import NDN
internal import NIOCore

/// What routers are asked to find out whether they live and how far away they are.
package struct ProbeQuestions: Sendable {
    private let name: Name?
    private let producer: Name?

    /// - Parameters:
    ///   - name: the one name to ask for; nil: the usual ones.
    ///   - producer: prefix of a producer that answers `<prefix>/ping/…`, as ours does.
    package init(name: Name?, producer: Name?) {
        self.name = name
        self.producer = producer
    }

    /// The names to ask a router for, and who answers each. A cache must not: they end in a random number, except for
    /// `/localhop/nfd/rib/list`, which NFD refuses with a Nack unless its localhop_security is enabled.
    func names(for router: Router) -> [(name: Name, answer: RouterMeasurement.Answer)] {
        if let name { return [(name, .producer)] }
        let number = UInt64.random(in: .min ... .max)
        var names: [(Name, RouterMeasurement.Answer)] = [
            (ManagementScope.localhop.question, .router)
        ]
        if let prefix = router.prefix { names.append((.ping(prefix, number: number), .router)) }
        if let producer { names.append((.ping(producer, number: number), .producer)) }
        return names
    }
}

/// Asks several routers at once, and measures how long their answers take. Confined to its event loop; lives until its future
/// is complete.
final class RouterProbing {
    /// The longest that all of it takes.
    static let timeout = TimeAmount.seconds(2)
    /// How long other answers are waited for after the first of any kind, and after the first of the best kind.
    static let patience = TimeAmount.milliseconds(500)
    static let patienceAfterBest = TimeAmount.milliseconds(200)

    private let loop: any EventLoop
    private let questions: ProbeQuestions
    private let logger: Logger
    private var measurements: [RouterMeasurement]
    /// A face does not keep its delegate.
    private var endpoints: [Endpoint] = []
    /// Answers that may still come.
    private var awaited = 0
    /// Keeps this probing alive until it is over.
    private let timer: DeadlineTimer
    private var isOver = false
    private let promise: EventLoopPromise<[RouterMeasurement]>

    private init(_ routers: [Router], _ questions: ProbeQuestions, on loop: any EventLoop, logger: Logger) {
        self.loop = loop
        self.questions = questions
        self.logger = logger
        measurements = routers.map { RouterMeasurement(router: $0, answer: .silence, rtt: nil) }
        promise = loop.makePromise()
        timer = DeadlineTimer(on: loop)
    }

    /// Measures all routers; one that says nothing is a measurement too.
    static func measure(
        _ routers: [Router], _ questions: ProbeQuestions, on loop: any EventLoop, logger: Logger
    ) -> EventLoopFuture<[RouterMeasurement]> {
        loop.flatSubmit {
            let probing = RouterProbing(routers, questions, on: loop, logger: logger)
            probing.start()
            return probing.promise.futureResult
        }
    }

    private func start() {
        timer.onDeadline = { self.finish() }
        timer.schedule(at: loop.now + Self.timeout)
        for index in measurements.indices { ask(index) }
        if awaited == 0 { finish() }
    }

    private func ask(_ index: Int) {
        let router = measurements[index].router
        let connector = FaceConnector(to: router.uri, on: loop, announces: false, logger: logger)
        let endpoint = Endpoint(face: connector.face)
        endpoints.append(endpoint)
        let names = questions.names(for: router)
        awaited += names.count
        connector.connect().assumeIsolated().whenComplete { result in
            guard !self.isOver else { return }
            switch result {
            case .success: for (name, answer) in names { self.express(name, answer, index, endpoint) }
            case .failure(let error):
                self.logger.debug("router not reached", metadata: ["router": "\(router.uri)", "error": "\(error)"])
                self.answered(index, nil, since: nil, count: names.count)
            }
        }
    }

    private func express(_ name: Name, _ answer: RouterMeasurement.Answer, _ index: Int, _ endpoint: Endpoint) {
        var interest = InterestBuilder(name: name)
        interest.canBePrefix = true
        interest.mustBeFresh = true
        interest.lifetimeMilliseconds = 700
        let start = loop.now
        endpoint.express(interest, retransmissions: 2).assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.answered(index, answer, since: start)
            case .failure(let error):
                guard case .nack? = error as? ExpressError else { return self.answered(index, nil, since: nil) }
                self.answered(index, .nack, since: start)
            }
        }
    }

    private func answered(_ index: Int, _ answer: RouterMeasurement.Answer?, since start: NIODeadline?, count: Int = 1)
    {
        awaited -= count
        if let answer, let start, answer < measurements[index].answer {
            measurements[index].answer = answer
            measurements[index].rtt = loop.now - start
            timer.schedule(at: loop.now + (answer == .producer ? Self.patienceAfterBest : Self.patience))
        }
        if awaited == 0 { finish() }
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        timer.cancel()
        promise.succeed(measurements)
        for endpoint in endpoints { endpoint.close() }
        endpoints = []
    }
}
