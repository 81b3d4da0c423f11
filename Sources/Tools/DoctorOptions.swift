import ArgumentParser

/// What `doctor` takes beside the options of the program that it examines.
struct DoctorOptions: ParsableArguments {
    @Option(
        help: """
            REPOSITORY, REPOSITORY:TAG or REPOSITORY@DIGEST of an image whose smallest blob is fetched over NDN and compared \
            with the registry's.
            """, transform: ImageReference.parse)
    var image: ImageReference?

    @Option(help: "REPOSITORY@DIGEST of a blob to fetch and compare instead.", transform: BlobReference.parse)
    var blob: BlobReference?

    @Flag(help: "Print an array of {check, status, message, remedy} instead of lines.")
    var json = false

    func validate() throws {
        guard image == nil || blob == nil else { throw ValidationError("give --image or --blob, not both") }
    }
}
