import NIOCore

/// The default: a model of the path (``RateModel``), and CUBIC while Data comes from near and far at the same time.
///
/// Of several consumers behind one cache, whoever leads fills it for the others, and who leads changes all the time. What a follower
/// measures is then neither the rate nor the length of the path: it takes the cache's bursts for the one and its distance for the
/// other. Eight such models ask a line for several times what it carries. A window that yields to loss makes followers of all but a
/// few, and those have the line for themselves.
struct RateController: CongestionController {
    private var model: RateModel
    private var cubic: Cubic?
    private var mix = AnswerMix()

    /// - Parameter isLocal: the face leads to a program on this machine.
    init(initialWindow: Int, isLocal: Bool = false) {
        model = RateModel(initialWindow: initialWindow, isLocal: isLocal)
    }

    var window: Double { cubic?.window ?? model.window }
    var pacingRate: Double? { cubic == nil ? model.pacingRate : nil }
    var restart: Double? { cubic == nil ? model.restart : nil }
    var ignoresLoss: Bool { cubic == nil }

    mutating func received(_ sample: PathSample) {
        if let rtt = sample.rtt { mix.received(rtt, now: sample.now) }
        guard cubic == nil else {
            cubic?.received(sample)
            guard !mix.isMixed, let window = cubic?.window else { return }
            model = RateModel(resumingAt: window)
            cubic = nil
            return
        }
        model.received(sample)
        if mix.isMixed { cubic = Cubic(resumingAt: Double(max(sample.inFlight, RateController.least))) }
    }

    private static let least = 10

    mutating func lost() { if cubic == nil { model.lost() } }

    mutating func wasNotLost() { if cubic == nil { model.wasNotLost() } }

    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline) {
        if cubic == nil {
            model.reduce(signal, inFlight: inFlight, now: now)
        } else {
            cubic?.reduce(signal, inFlight: inFlight, now: now)
        }
    }

    mutating func collapse(now: NIODeadline) {
        if cubic == nil { model.collapse(now: now) } else { cubic?.collapse(now: now) }
    }

    mutating func undo(_ before: RateController) {
        switch (cubic, before.cubic) {
        case (nil, nil): model.undo(before.model)
        case (.some, let before?): cubic?.undo(before)
        default: break
        }
    }
}
