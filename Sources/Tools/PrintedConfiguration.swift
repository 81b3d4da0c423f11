import NDN

/// The options in force as a configuration file, a comment behind each that says where it comes from. What nobody gives stands as
/// a comment.
struct PrintedConfiguration {
    let text: String

    /// - Parameter file: that was read; nil for none.
    init(
        of program: String, options: [CommandDescription.Option], given: [GivenOption], file: String?, version: String
    ) {
        var lines = ["# \(Self.comment("registry-ndn \(program) \(version)"))"]
        lines.append("# " + (file.map { Self.comment("read: \($0)") } ?? "no configuration file"))
        lines.append("[\(program)]")
        for option in options where option.name != ConfigurationOptions.file {
            if let given = given.first(where: { $0.option.name == option.name }) {
                lines.append(Self.line(given))
            } else {
                lines.append("# \(option.name): \(Self.usual(option))")
            }
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    private static func usual(_ option: CommandDescription.Option) -> String {
        if let usual = option.usual { return comment("default, \(usual)") }
        return option.takesValue ? "not given" : "default, off"
    }

    private static func line(_ given: GivenOption) -> String {
        let name = given.option.name
        switch given.content {
        case .isOn(let isOn): return "\(name) = \(isOn)  # \(comment("\(given.source)"))"
        case .values(let values):
            guard !values.contains(where: Userinfo.isIn) else {
                return "# \(name): not shown, since it holds a password; from \(comment("\(given.source)"))"
            }
            let written = values.map(value)
            let text = given.option.isRepeating ? "[\(written.joined(separator: ", "))]" : written.last ?? "\"\""
            return "\(name) = \(text)  # \(comment("\(given.source)"))"
        }
    }

    /// A number as such, all else as a string.
    static func value(_ text: String) -> String {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let isNumber = (1...18).contains(digits.utf8.count) && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber && (digits.first != "0" || digits == "0") ? text : string(text)
    }

    private static func string(_ text: String) -> String {
        var written = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": written += "\\\""
            case "\\": written += "\\\\"
            case "\n": written += "\\n"
            case "\t": written += "\\t"
            case "\r": written += "\\r"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                written += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: written.unicodeScalars.append(scalar)
            }
        }
        return written + "\""
    }

    /// What may stand in a comment: no control characters.
    private static func comment(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}

/// A program whose options are looked at before they are printed.
protocol CheckedCommand {
    /// Refuses what the start would refuse because of how an option is written; what files hold and where they are is not looked at.
    func check() throws
}

extension OptionSources {
    /// What is in force, as `--print-config` shows it.
    var printed: String {
        PrintedConfiguration(
            of: program ?? "", options: options, given: given, file: file, version: Version.number
        ).text
    }
}
