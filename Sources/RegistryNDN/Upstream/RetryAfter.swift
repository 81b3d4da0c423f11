internal import NDN
import NIOCore
import NIOHTTP1

/// The field Retry-After, RFC 9110 section 10.2.3: seconds, or a date in any of the three forms of section 5.6.7.
enum RetryAfter {
    /// Seconds; a longer pause counts as this one.
    static let maximum: Int64 = 86_400 * 366

    /// The pause asked for; nil without a field that can be read.
    ///
    /// - Parameter now: seconds since 1970.
    static func read(
        _ headers: HTTPHeaders, now: Int64 = Int64(WallClock.milliseconds() / 1000)
    ) -> TimeAmount? {
        guard let text = headers.first(name: "Retry-After") else { return nil }
        if let seconds = seconds(text) { return .seconds(seconds) }
        guard let date = HTTPDate.parse(text, now: now) else { return nil }
        return .seconds(min(max(date - now, 0), maximum))
    }

    private static func seconds(_ text: String) -> Int64? {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
        guard let number = Int64(text) else { return maximum }
        return min(number, maximum)
    }
}
