import NIOCore

/// The congestion controller that a path was given, one of ``CongestionAlgorithm``: an enum, since an existential would
/// cost an allocation and a call through a table.
enum SelectedController: CongestionController {
    case rate(RateController)
    case cubic(Cubic)
    case aimd(AIMD)

    /// - Parameter isLocal: the face leads to a program on this machine.
    init(_ algorithm: CongestionAlgorithm, initialWindow: Int, isLocal: Bool) {
        switch algorithm {
        case .rate: self = .rate(RateController(initialWindow: initialWindow, isLocal: isLocal))
        case .cubic: self = .cubic(Cubic(initialWindow: initialWindow))
        case .aimd: self = .aimd(AIMD(initialWindow: initialWindow))
        }
    }

    var window: Double {
        switch self {
        case .rate(let model): model.window
        case .cubic(let cubic): cubic.window
        case .aimd(let aimd): aimd.window
        }
    }

    var pacingRate: Double? {
        if case .rate(let model) = self { model.pacingRate } else { nil }
    }

    var ignoresLoss: Bool {
        if case .rate(let controller) = self { controller.ignoresLoss } else { false }
    }

    mutating func received(_ sample: PathSample) {
        change {
            $0.received(sample)
        } cubic: {
            $0.received(sample)
        } aimd: {
            $0.received(sample)
        }
    }

    mutating func lost() {
        change {
            $0.lost()
        } cubic: {
            $0.lost()
        } aimd: {
            $0.lost()
        }
    }

    mutating func wasNotLost() {
        change {
            $0.wasNotLost()
        } cubic: {
            $0.wasNotLost()
        } aimd: {
            $0.wasNotLost()
        }
    }

    mutating func reduce(_ signal: CongestionSignal, inFlight: Int, now: NIODeadline) {
        change {
            $0.reduce(signal, inFlight: inFlight, now: now)
        } cubic: {
            $0.reduce(signal, inFlight: inFlight, now: now)
        } aimd: {
            $0.reduce(signal, inFlight: inFlight, now: now)
        }
    }

    mutating func collapse(now: NIODeadline) {
        change {
            $0.collapse(now: now)
        } cubic: {
            $0.collapse(now: now)
        } aimd: {
            $0.collapse(now: now)
        }
    }

    mutating func undo(_ before: SelectedController) {
        switch (self, before) {
        case (.rate(var model), .rate(let before)):
            model.undo(before)
            self = .rate(model)
        case (.cubic(var cubic), .cubic(let before)):
            cubic.undo(before)
            self = .cubic(cubic)
        case (.aimd(var aimd), .aimd(let before)):
            aimd.undo(before)
            self = .aimd(aimd)
        default: break
        }
    }

    @inline(__always)
    private mutating func change(
        rate: (inout RateController) -> Void, cubic: (inout Cubic) -> Void, aimd: (inout AIMD) -> Void
    ) {
        switch self {
        case .rate(var model):
            rate(&model)
            self = .rate(model)
        case .cubic(var controller):
            cubic(&controller)
            self = .cubic(controller)
        case .aimd(var controller):
            aimd(&controller)
            self = .aimd(controller)
        }
    }
}
