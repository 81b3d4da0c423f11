import ArgumentParser
import NDN

/// `registry-ndn faces`: what a forwarder is connected to.
struct FacesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faces",
        abstract: "List the faces of a forwarder (faces/list), over its Unix socket or TCP on the loopback.",
        discussion: NextHopHealth.discussion)

    @Option(
        help: .number("End the face of this number, with its routes, instead (faces/destroy).", 1...Int.max),
        transform: WholeNumber.within(1...Int.max))
    var destroy: Int?

    @OptionGroup var forwarder: ForwarderOptions

    func run() async throws {
        try await forwarder.withSession { session in
            if let destroy {
                try await RouteTarget.check(UInt64(destroy), session)
                try await session.destroyFace(UInt64(destroy))
                return Output.write("face \(destroy) is no more at \(session.router)\n")
            }
            var table = TextTable([
                "FACE", "REMOTE", "LOCAL", "SCOPE", "PERSISTENCY", "MTU", "IN-INTERESTS", "IN-DATA", "IN-NACKS",
                "OUT-INTERESTS", "OUT-DATA", "OUT-NACKS", "IN-BYTES", "OUT-BYTES", "HEALTH",
            ])
            for face in try await session.faces() {
                let persistency = ["persistent", "on-demand", "permanent"]
                table.add([
                    "\(face.faceID)", face.remoteURI, face.localURI, face.isLocal ? "local" : "non-local",
                    face.persistency < 3 ? persistency[Int(face.persistency)] : "\(face.persistency)",
                    face.mtu.map { "\($0)" } ?? "-", "\(face.inInterests)", "\(face.inData)", "\(face.inNacks)",
                    "\(face.outInterests)", "\(face.outData)", "\(face.outNacks)", "\(face.inBytes)",
                    "\(face.outBytes)", NextHopHealth.word(face.health),
                ])
            }
            table.print()
        }
    }
}
