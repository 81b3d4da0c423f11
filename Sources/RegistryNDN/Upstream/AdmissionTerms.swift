internal import NDN

/// With what a request may be let in, beside the Authorization that it brings.
struct AdmissionTerms: Hashable, Sendable {
    /// Whether with our own credentials, if we have some.
    var ours = true
    /// Whether a token that it brings counts as none once it was refused: who finds several registries at one address may have
    /// got it from another one.
    var replacesToken = false
}
