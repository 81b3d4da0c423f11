import ArgumentParser
import NDN

/// Whose signatures count.
struct TrustOptions: ParsableArguments {
    @Option(
        help: """
            What is checked: digest (the whole blob's SHA-256) or anchor (also the signature of every Data, up to a \
            --trust-anchor). (default: anchor with --trust-anchor, else digest)
            """)
    var verify: Check?

    @Option(help: "File of a certificate that is trusted for names under its identity; repeatable.")
    var trustAnchor: [String] = []

    enum Check: String, ExpressibleByArgument, CaseIterable {
        case digest, anchor
    }

    func validate() throws {
        guard verify != .anchor || !trustAnchor.isEmpty else {
            throw ValidationError("--verify anchor needs a certificate to trust: give --trust-anchor FILE")
        }
        guard verify != .digest || trustAnchor.isEmpty else {
            throw ValidationError("--verify digest checks no signatures: leave --trust-anchor out")
        }
    }

    private func anchor(_ path: String) throws -> Certificate {
        do {
            return try CertificateSource.certificate(file: path)
        } catch {
            throw ValidationError(
                "--trust-anchor \(error); it must be an NDN certificate, as `registry-ndn cert export --certificate-only` writes one"
            )
        }
    }

    /// The policy, nil when no signatures are checked. An anchor that is not valid now is an error: nothing could be trusted.
    func policy() throws -> TrustPolicy? {
        guard !trustAnchor.isEmpty else { return nil }
        let now = WallClock.milliseconds()
        return TrustPolicy(
            anchors: try trustAnchor.map { path in
                let certificate = try anchor(path)
                guard certificate.validity.contains(now) else {
                    throw SecurityError(
                        .mismatch, "--trust-anchor \(path): \(certificate.validity.text(now: now)); is the clock right?"
                    )
                }
                return certificate
            })
    }
}
