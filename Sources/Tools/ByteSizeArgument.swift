import ArgumentParser

/// A size on the command line, `64MiB`, `32M`, `1.5GB`, `4096`: a number of bytes, with an optional unit.
struct ByteSizeArgument: CustomStringConvertible, Sendable {
    let octets: Int

    init(octets: Int) {
        self.octets = octets
    }

    /// As coreutils and docker read them: B at the end makes a unit one of 1000, a letter alone and iB one of 1024.
    private static let units = UnitNumber.Units([
        ["b"]: 1, ["k", "kib", "ki"]: 1 << 10, ["m", "mib", "mi"]: 1 << 20, ["g", "gib", "gi"]: 1 << 30,
        ["t", "tib", "ti"]: 1 << 40, ["kb"]: 1_000, ["mb"]: 1_000_000, ["gb"]: 1_000_000_000,
        ["tb"]: 1_000_000_000_000,
    ])

    /// - Throws: `ValidationError` with what is accepted.
    static func parse(_ text: String) throws -> ByteSizeArgument {
        guard let octets = UnitNumber.total(of: text.lowercased(), units, otherwise: 1, isSum: false) else {
            throw ValidationError(
                "\"\(text)\" is not a size: write a number of bytes, or one with a unit, KiB, MiB, GiB (K, M, G mean the same) or "
                    + "kB, MB, GB, such as 64MiB or 1.5GB")
        }
        return ByteSizeArgument(octets: octets)
    }

    var description: String {
        for (suffix, unit) in [
            ("TiB", 1 << 40), ("TB", 1_000_000_000_000), ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20),
            ("MB", 1_000_000), ("KiB", 1 << 10),
        ] where octets >= unit && octets % unit == 0 {
            return "\(octets / unit)\(suffix)"
        }
        return "\(octets)B"
    }
}

extension ArgumentHelp {
    /// For an option that takes a size.
    ///
    /// - Parameter usual: What it is without the option; nil where the abstract says it.
    static func size(_ abstract: String, usually usual: ByteSizeArgument? = nil) -> ArgumentHelp {
        let usual = usual.map { " (default: \($0))" } ?? ""
        return ArgumentHelp(
            "\(abstract) A size as 64MiB, 500MB or 1.5G; a number alone is bytes.\(usual)", valueName: "size")
    }
}
