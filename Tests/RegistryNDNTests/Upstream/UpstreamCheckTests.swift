import NIOHTTP1
import Testing

@testable import NDN
@testable import RegistryNDN

/// What an answer to `/v2/` says of a registry.
@Suite struct UpstreamCheckTests {
    @Test(arguments: [200, 401, 403, 429, 301])
    func aRegistryThatAnswersIsThere(_ status: Int) {
        #expect(UpstreamCheck.complaint(HTTPResponseStatus(statusCode: status), false) == nil)
    }

    @Test(arguments: [
        (404, false, "is this the URL of a registry?"), (405, false, "is this the URL of a registry?"),
        (503, false, "it answers 503 Service Unavailable"), (401, true, "credentials"), (403, true, "credentials"),
    ])
    func whatIsWrongIsSaid(_ answer: (status: Int, hasCredential: Bool, part: String)) {
        let complaint = UpstreamCheck.complaint(
            HTTPResponseStatus(statusCode: answer.status), answer.hasCredential)
        #expect(complaint?.contains(answer.part) == true)
    }
}
