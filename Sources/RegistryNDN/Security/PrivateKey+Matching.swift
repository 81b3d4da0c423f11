internal import NIOCore

extension PrivateKey {
    /// Whether this is the private key of `publicKey`: tried with a signature, since the same key can be written in several
    /// ways (a curve by its name or by its parameters).
    public func matches(_ publicKey: PublicKey) -> Bool {
        let message = ByteBuffer(string: "registry-ndn")
        guard let signature = try? Signer.key(self, locator: Name()).sign(message) else { return false }
        return Verifier.key(publicKey).verify(message, type: signatureType, signature: signature)
    }
}
