extension UInt64 {
    /// The number that decimal digits write; nil for anything else, such as a sign, which `UInt64` itself would take.
    init?(digits text: some StringProtocol) {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(text)
    }
}
