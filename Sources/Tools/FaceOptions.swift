import ArgumentParser
import RegistryNDN

/// What every program with NDN faces lets its user say about them.
struct FaceOptions: ParsableArguments {
    @Option(
        help: """
            Octets of the largest UDP datagram, 256 to 8800; larger packets are fragmented. (default: what the path \
            takes without IP fragments)
            """)
    var mtu: Int?

    func validate() throws {
        guard mtu.map({ FaceConfiguration.mtuBounds.contains($0) }) ?? true else {
            throw ValidationError("--mtu \(mtu ?? 0): use 256 to 8800, or leave it out")
        }
    }

    var configuration: FaceConfiguration {
        var configuration = FaceConfiguration()
        configuration.mtu = mtu
        return configuration
    }
}
