import NDN
import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("Why a blob does not come")
struct FetchDiagnosisTests {
    @Test("a slash in the repository's name is not one in the prefix")
    func slash() throws {
        let digest = ContentDigest(sha256: try #require(SHA256Digest(hex: String(repeating: "0a", count: 32)[...])))
        func hint(_ prefix: String, _ repository: String, _ served: String) throws -> String {
            let blob = BlobName(
                prefix: try Name(uri: prefix), repository: try #require(RepositoryName(repository)), digest: digest)
            return FetchDiagnosis.hint(blob, try Name(uri: served))
        }
        #expect(
            try hint("/example/docker/library", "alpine", "/example/docker").contains(
                "write /example/docker library/alpine \(digest)"))
        #expect(try hint("/example/docker/a/b", "c", "/example").contains("write /example docker/a/b/c \(digest)"))
        #expect(try hint("/example/NOT", "alpine", "/example").contains("--name"))
    }
}
