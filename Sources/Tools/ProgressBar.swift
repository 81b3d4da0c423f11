import NDN
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// One line on a terminal that says how far a transfer is: share, octets, rate and the time it will still take.
struct ProgressBar {
    private static let interval = TimeAmount.milliseconds(100)

    private let total: UInt64
    private let start: NIODeadline
    private var lastDrawn: NIODeadline
    private var lastOctets: UInt64 = 0
    /// Octets a second, smoothed over about a second.
    private var rate = 0.0
    private var isDrawn = false

    init(total: UInt64, now: NIODeadline) {
        self.total = total
        start = now
        lastDrawn = now
    }

    /// Draws the line anew when it is time; `octets` are there.
    mutating func update(_ octets: UInt64, now: NIODeadline) {
        let elapsed = now - lastDrawn
        guard elapsed >= Self.interval else { return }
        let recent = Double(octets - lastOctets) / (Double(elapsed.nanoseconds) / 1e9)
        rate += (recent - rate) * (isDrawn ? min(Double(elapsed.nanoseconds) / 1e9, 1) : 1)
        lastDrawn = now
        lastOctets = octets
        isDrawn = true
        draw(line(octets, width: Self.columns()))
    }

    /// Removes the line.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        draw("")
    }

    private func line(_ octets: UInt64, width: Int) -> String {
        let share = total == 0 ? 1 : Double(octets) / Double(total)
        let percent = String(Int(share * 100))
        let left = rate > 0 ? Double(total - min(octets, total)) / rate : .infinity
        let text =
            " \(String(repeating: " ", count: max(0, 3 - percent.count)))\(percent)%"
            + "  \(Self.size(Double(octets))) of \(Self.size(Double(total)))  \(Self.size(rate))/s"
            + "  ETA \(Self.time(left))"
        let room = width - text.count - 3
        guard room >= 4 else { return String(text.prefix(max(width - 1, 0))) }
        let full = min(Int(share * Double(room)), room)
        return "[\(String(repeating: "#", count: full))\(String(repeating: ".", count: room - full))]\(text)"
    }

    private func draw(_ line: String) {
        // Return, line, erase to its end.
        Terminal.write("\r\(line)\u{1B}[K")
    }

    /// `188.0 MB`; decimal units, as for rates.
    static func size(_ octets: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var number = octets
        var unit = 0
        while number >= 999.95, unit < units.count - 1 {
            number /= 1000
            unit += 1
        }
        return unit == 0 ? "\(Int(number)) B" : "\(tenths(number)) \(units[unit])"
    }

    static func tenths(_ number: Double) -> String {
        guard let scaled = Int(exactly: (number * 10).rounded()) else { return "\(number)" }
        return "\(scaled / 10).\(scaled % 10)"
    }

    private static func time(_ seconds: Double) -> String {
        guard seconds < 360_000 else { return "--:--" }
        let whole = Int(seconds.rounded(.up))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(two(whole / 60 % 60)):\(two(whole % 60))"
        return whole < 3600 ? clock : "\(whole / 3600):\(clock)"
    }

    private static func columns() -> Int {
        var size = winsize()
        let isKnown = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }
}

/// What people see, on stderr.
enum Terminal {
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String) {
        var text = Userinfo.hidden(in: text)
        text.withUTF8 { octets in
            _ = unsafe Glibc.write(STDERR_FILENO, octets.baseAddress, octets.count)
        }
    }
}
