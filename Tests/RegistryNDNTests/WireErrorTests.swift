import Testing

@testable import NDN
@testable import RegistryNDN

@Test func wireErrorsCompare() {
    #expect(WireError.invalid != WireError.incomplete)
}
