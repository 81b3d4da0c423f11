import NDN
import RegistryNDN
import Testing

@testable import registry_ndn

@Suite("What doctor reports")
struct DoctorReportTests {
    private typealias Check = DoctorReport.Check

    @Test("every check needs only such as come before it, so that a failed one is known")
    func order() {
        let order = Check.allCases
        for (place, check) in order.enumerated() {
            for need in check.needs { #expect(order[..<place].contains(need), "\(check) needs \(need)") }
        }
    }

    @Test("what needs a failed check is not tried, and names it, however far away")
    func obstacles() {
        var report = DoctorReport()
        report.note(.ok("read"), of: .configuration)
        report.note(.fail("nothing answers", remedy: "start it"), of: .router)
        report.note(.ok("never tried"), of: .route)
        report.note(.ok("never tried"), of: .packetSize)
        #expect(report.findings.map(\.status) == [.ok, .fail, .skip, .skip])
        #expect(report.findings.last?.message == "not tried, since router failed")
        #expect(report.obstacle(to: .metadata) == .router && report.obstacle(to: .login) == nil)
        #expect(!report.isHealthy)
    }

    @Test("a fault of one registry keeps nothing of another from being tried")
    func registries() {
        var report = DoctorReport()
        report.note(.fail("refused", remedy: "start it"), of: .upstream, registry: 0)
        report.note(.ok("reached"), of: .upstream, registry: 1)
        #expect(report.obstacle(to: .tls, of: 0) == .upstream && report.obstacle(to: .tls, of: 1) == nil)
    }

    @Test("a fault of the options keeps everything of every registry from being tried")
    func options() {
        var report = DoctorReport()
        report.note(.fail("no such file", remedy: "name another"), of: .configuration)
        report.note(.skip(""), of: .upstream)
        #expect(report.obstacle(to: .tls, of: 3) == .configuration)
    }

    @Test("what there is nothing to check of, or what could be better, stands in the way of nothing")
    func harmless() {
        var report = DoctorReport()
        report.note(.skip("http"), of: .tls)
        report.note(.warn("leads elsewhere", remedy: nil), of: .registry)
        #expect(report.obstacle(to: .login) == nil && report.isHealthy)
    }

    @Test("a line has no line breaks of others, and what to do stands below it")
    func text() {
        let failed = DoctorReport.Finding(check: .packetSize, status: .fail, message: "a\nb\u{1b}[0m", remedy: "do c")
        #expect(failed.text == "FAIL  packet-size: a b [0m\n      do c\n")
        #expect(DoctorReport.Finding(check: .tls, status: .ok, message: "a", remedy: nil).text == "ok    tls: a\n")
    }

    @Test("as JSON every finding has the same keys")
    func json() throws {
        var report = DoctorReport()
        report.note(.ok("1024"), of: .openFiles)
        let text = try report.json().filter { !$0.isWhitespace }
        #expect(text.contains("\"check\":\"open-files\"") && text.contains("\"remedy\":null"))
        #expect(text.hasPrefix("[{") && text.hasSuffix("}]"))
    }

    @Test("too few descriptors end the client, few slow it down")
    func files() {
        func status(_ limit: Int) -> DoctorReport.Status? {
            var report = DoctorReport()
            report.note(MachineExamination.openFiles(limit: limit), of: .openFiles)
            return report.findings.first?.status
        }
        #expect(status(31) == .fail && status(32) == .warn && status(1023) == .warn && status(1024) == .ok)
    }

    @Test("a clock may be off by a minute")
    func clock() throws {
        let registry = try UpstreamURL("https://registry.example")
        func status(_ ahead: Int64?) -> DoctorReport.Status? {
            var report = DoctorReport()
            report.note(MachineExamination.clock(ahead: ahead, of: registry), of: .clock)
            return report.findings.first?.status
        }
        #expect(status(60) == .ok && status(-60) == .ok && status(61) == .warn && status(-61) == .warn)
        #expect(status(nil) == .skip)
    }

    @Test("receive buffers matter over UDP alone")
    func buffers() throws {
        func status(_ router: String, _ largest: Int?) throws -> DoctorReport.Status? {
            var report = DoctorReport()
            let outcome = MachineExamination.receiveBuffer(
                of: try FaceURI(peer: router), largest: largest, wanted: 1000)
            report.note(outcome, of: .receiveBuffer)
            return report.findings.first?.status
        }
        #expect(try status("127.0.0.1:6363", 999) == .warn && status("127.0.0.1:6363", 1000) == .ok)
        #expect(try status("127.0.0.1:6363", nil) == .skip && status("/run/nfd/nfd.sock", 1) == .skip)
    }
}

@Suite("Images on the command line")
struct ImageReferenceTests {
    @Test(
        "have a tag, a digest, or are the latest",
        arguments: [
            ("library/alpine", "library/alpine", "latest"), ("a/b:1.2-x", "a/b", "1.2-x"),
            (
                "a@sha256:" + String(repeating: "0a", count: 32), "a",
                "sha256:" + String(repeating: "0a", count: 32)
            ),
        ])
    func accepted(text: String, repository: String, reference: String) throws {
        let image = try ImageReference.parse(text)
        #expect(image.repository.text == repository && image.reference == reference)
    }

    @Test(
        "are refused with a registry's address, and where a registry could not have them",
        arguments: ["127.0.0.1:5000/a", "", "a:", "a:-b", "A/b", "a@sha256:00", "a:b/c", "a:b c"])
    func refused(text: String) {
        #expect(throws: (any Error).self) { try ImageReference.parse(text) }
    }

    @Test("a blob is named by its digest alone")
    func blobs() throws {
        #expect(throws: (any Error).self) { try BlobReference.parse("a:1") }
        let digest = "sha256:" + String(repeating: "0a", count: 32)
        #expect(try "\(BlobReference.parse("a/b@\(digest)").digest)" == digest)
    }
}
