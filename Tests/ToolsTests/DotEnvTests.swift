import Testing

@testable import registry_ndn

@Suite("A .env file")
struct DotEnvTests {
    private static func read(_ text: String) throws -> DotEnv { try DotEnv(Array(text.utf8)) { $0.hasPrefix("OUR_") } }

    @Test(
        "is read whatever its lines end with and begins with",
        arguments: [
            "OUR_A=1\r\nOUR_B='two'\r\n", "\u{FEFF}OUR_A=1\nOUR_B=two", "# first\r\nOUR_A=1\r\nOUR_B=two",
            "export OUR_A = 1 # one\n\texport\tOUR_B=\"two\" # second", "OUR_A=0\nOUR_A=1\nOUR_B=`two`\n\n",
        ])
    func lines(text: String) throws {
        let read = try Self.read(text)
        #expect(read.variables == ["OUR_A": "1", "OUR_B": "two"])
        #expect(read.ignored.isEmpty)
    }

    @Test("may be UTF-16, as some editors write")
    func utf16() throws {
        let units = Array("\u{FEFF}OUR_A=ä\r\n".utf16)
        let little = units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        for octets in [little, big] {
            #expect(try DotEnv(octets) { _ in true }.variables == ["OUR_A": "ä"])
        }
    }

    @Test("may hold lines that only other programs understand")
    func foreign() throws {
        let read = try Self.read("if true; then\n1st=x\nPATH\nOUR_A=1\nMSG='tis\nOUR_B=2\nKEY=\"a\nb\" # c\nfi\n")
        #expect(read.variables == ["OUR_A": "1", "OUR_B": "2", "KEY": "a\nb"])
        #expect(read.ignored == [1, 2, 3, 5, 9])
    }

    @Test(
        "is refused where a line that is meant for us cannot be read",
        arguments: ["x=1\nOUR_A team/*", "OUR_A='x", "OUR_A='x' y", "OUR_A: x", "export OUR_A", "OUR_A=${HOME}/x"])
    func ours(text: String) {
        #expect(throws: DotEnv.Failure.self) { try Self.read(text) }
    }

    @Test("tells of variables of ours that stand twice, of which the last counts")
    func repeated() throws {
        let read = try Self.read("OUR_A=1\nX=1\nOUR_B='a\nb'\nX=2\nexport OUR_B=2\nOUR_A=3\nOUR_A=3\nOUR_C=1")
        #expect(read.variables == ["OUR_A": "3", "OUR_B": "2", "OUR_C": "1", "X": "2"])
        #expect(read.repeated == [.init(name: "OUR_A", lines: [1, 7, 8]), .init(name: "OUR_B", lines: [3, 6])])
    }

    @Test("says in which line it is wrong")
    func place() {
        do {
            _ = try Self.read("x=1\r\nOUR_A\r\n")
            Issue.record("the line was read")
        } catch {
            #expect("\(error)".hasPrefix("line 2: "))
        }
    }
}
