import NIOCore

/// The congestion controller that a path was given, one of ``CongestionAlgorithm``.
///
/// One of three that are changed in place: an existential would cost an allocation and a call through a table, and an enum copies
/// all that a controller knows out and in for each packet, which took two fifths of what a packet costs here.
struct SelectedController: CongestionController {
    private var rate: RateController?
    private var cubic: Cubic?
    private var aimd: AIMD?
    /// What the controller says, read several times for each packet: asking it would copy all that it knows.
    private(set) var window = 1.0
    private(set) var pacingRate: Double?
    private(set) var restart: Double?
    private(set) var ignoresLoss = false

    /// - Parameter isLocal: the face leads to a program on this machine.
    init(_ algorithm: CongestionAlgorithm, initialWindow: Int, isLocal: Bool) {
        switch algorithm {
        case .rate: rate = RateController(initialWindow: initialWindow, isLocal: isLocal)
        case .cubic: cubic = Cubic(initialWindow: initialWindow)
        case .aimd: aimd = AIMD(initialWindow: initialWindow)
        }
        note()
    }

    private mutating func note() {
        window = rate?.window ?? cubic?.window ?? aimd?.window ?? 1
        pacingRate = rate?.pacingRate
        restart = rate?.restart
        ignoresLoss = rate?.ignoresLoss ?? false
    }

    mutating func received(_ sample: PathSample) {
        rate?.received(sample)
        cubic?.received(sample)
        aimd?.received(sample)
        note()
    }

    mutating func lost() {
        rate?.lost()
    }

    mutating func wasNotLost() {
        rate?.wasNotLost()
    }

    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline) {
        rate?.reduce(signal, inFlight: inFlight, now: now)
        cubic?.reduce(signal, inFlight: inFlight, now: now)
        aimd?.reduce(signal, inFlight: inFlight, now: now)
        note()
    }

    mutating func collapse(now: NIODeadline) {
        rate?.collapse(now: now)
        cubic?.collapse(now: now)
        aimd?.collapse(now: now)
        note()
    }

    mutating func undo(_ before: SelectedController) {
        if let before = before.rate { rate?.undo(before) }
        if let before = before.cubic { cubic?.undo(before) }
        if let before = before.aimd { aimd?.undo(before) }
        note()
    }
}
