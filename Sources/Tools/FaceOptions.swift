import ArgumentParser
import NDN

/// What every program with NDN faces lets its user say about them.
struct FaceOptions: ParsableArguments {
    @Option(
        help: .number(
            """
            Octets of the largest UDP datagram; larger packets are fragmented. (default: what the path takes without IP \
            fragments)
            """, FaceConfiguration.mtuBounds), transform: WholeNumber.within(FaceConfiguration.mtuBounds))
    var mtu: Int?

    var configuration: FaceConfiguration {
        var configuration = FaceConfiguration()
        configuration.mtu = mtu
        return configuration
    }
}
