internal import NDN

/// A date in any of the three forms of RFC 9110 section 5.6.7.
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Seconds since 1970; nil for what is no such date.
    ///
    /// - Parameter now: seconds since 1970, by which a year of two digits is told.
    static func parse(_ text: String, now: Int64) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.lowercased().split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        let (day, month, year, time): (String, String, String, String)
        if words.count == 6, words[5] == "gmt" {
            // Sun, 06 Nov 1994 08:49:37 GMT, and Sunday, 06-Nov-94 08:49:37 GMT
            (day, month, year, time) = (words[1], words[2], words[3], words[4])
        } else if words.count == 5 {
            // Sun Nov  6 08:49:37 1994
            (day, month, year, time) = (words[2], words[1], words[4], words[3])
        } else {
            return nil
        }
        guard let number = months.firstIndex(of: month), (1...2).contains(day.utf8.count), time.utf8.count == 8
        else { return nil }
        let parts = time.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
        let monthText = number < 9 ? "0\(number + 1)" : "\(number + 1)"
        let dayText = day.utf8.count == 1 ? "0\(day)" : day
        guard let year = fourDigits(year, now: now) else { return nil }
        return CalendarTime.parse("\(year)\(monthText)\(dayText)T\(parts.joined())".utf8)
    }

    /// A year of two digits that seems more than 50 years ahead is one of the past.
    private static func fourDigits(_ year: String, now: Int64) -> String? {
        guard year.utf8.count == 2 else { return year.utf8.count == 4 ? year : nil }
        guard let number = Int64(year), number >= 0 else { return nil }
        let current = 1970 + now / 31_556_952
        var full = current - current % 100 + number
        if full > current + 50 { full -= 100 }
        return String(full)
    }
}
