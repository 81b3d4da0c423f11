/// Seconds since 1970 as `YYYYMMDDThhmmss`, UTC, in the Gregorian calendar.
package enum CalendarTime {
    /// 0000-01-01T00:00:00 and 9999-12-31T23:59:59.
    static let first: Int64 = -62_167_219_200
    static let last: Int64 = 253_402_300_799

    /// Reads exactly 15 ASCII characters; nil for anything else and for days that do not exist.
    package static func parse(_ text: some Collection<UInt8>) -> Int64? {
        let text = Array(text)
        guard text.count == 15, text[8] == UInt8(ascii: "T") else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            text[range].reduce(Int64?(0)) { sum, digit in
                guard let sum, 48...57 ~= digit else { return nil }
                return sum * 10 + Int64(digit - 48)
            }
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15),
            1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second < 60
        else { return nil }
        let days = days(year, month, day)
        guard date(days) == (year, month, day) else { return nil }
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// The 15 characters; a time beyond the years 0 to 9999 becomes the nearest of them.
    package static func format(_ seconds: Int64) -> String {
        let seconds = min(max(seconds, first), last)
        let days = floor(seconds, 86_400)
        let rest = seconds - days * 86_400
        let (year, month, day) = date(days)
        return digits(year, 4) + digits(month, 2) + digits(day, 2) + "T" + digits(rest / 3600, 2)
            + digits(rest / 60 % 60, 2) + digits(rest % 60, 2)
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    private static func floor(_ a: Int64, _ b: Int64) -> Int64 { a / b - (a % b < 0 ? 1 : 0) }

    // A year is counted from March, so that the leap day is its last; 400 years have 146 097 days.

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = floor(year, 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = days + 719_468
        let era = floor(days, 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
