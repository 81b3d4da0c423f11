/// Values of options that begin with a minus sign. The parser takes everything that begins with a dash for an option, and says
/// of `--retx -1` that the value is missing; and a latitude in the south is none that is wrong.
enum NegativeValues {
    /// The same arguments, with each negative number tied to the option before it: `--retx=-1`. No option of ours begins with
    /// a digit.
    static func attached(_ arguments: [String]) -> [String] {
        var attached: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return attached + arguments[index...] }
            if isNegative(argument), let option = attached.last, option.hasPrefix("-"), !option.contains("=") {
                attached[attached.count - 1] = "\(option)=\(argument)"
            } else {
                attached.append(argument)
            }
        }
        return attached
    }

    private static func isNegative(_ argument: String) -> Bool {
        guard argument.hasPrefix("-") else { return false }
        let first = argument.dropFirst().drop { $0 == "." }.first
        return first.map { $0.isASCII && $0.isNumber } ?? false
    }
}
