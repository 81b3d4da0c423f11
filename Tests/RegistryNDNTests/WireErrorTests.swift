import Testing

@testable import RegistryNDN

@Test func wireErrorsCompare() {
    #expect(WireError.invalid != WireError.incomplete)
}
