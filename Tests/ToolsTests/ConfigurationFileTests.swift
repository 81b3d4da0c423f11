import ArgumentParser
import Testing

@testable import registry_ndn

@Suite("A configuration file")
struct ConfigurationFileTests {
    private static let programs = [
        ConfigurationFile.Program(
            name: "client",
            options: [
                option("upstream"), option("listen", isRepeating: true), option("retx"),
                option("insecure", takesValue: false),
                option("unix-mode"), option("config"), option("print-config", takesValue: false),
            ]),
        ConfigurationFile.Program(name: "server", options: [option("registry"), option("mtu")]),
    ]

    private static func option(
        _ name: String, takesValue: Bool = true, isRepeating: Bool = false
    ) -> CommandDescription.Option {
        .init(names: [name], name: name, takesValue: takesValue, isRepeating: isRepeating, usual: nil)
    }

    private static func read(_ text: String, for program: String = "client") throws(TOMLDocument.Failure)
        -> [GivenOption]
    {
        try ConfigurationFile.given(TOMLDocument(text), "x.toml", program, programs)
    }

    @Test("gives options as the command line would")
    func arguments() throws {
        let given = try Self.read(
            """
            upstream = "https://a b"
            listen = ["127.0.0.1:0", '[::1]:0']
            retx = -5
            insecure = true
            unix-mode = 660
            """)
        #expect(
            given.flatMap(\.arguments) == [
                "--upstream=https://a b", "--listen=127.0.0.1:0", "--listen=[::1]:0", "--retx=-5", "--insecure",
                "--unix-mode=660",
            ])
        #expect(given.map(\.source) == (1...5).map { .file("x.toml", TextPlace(line: $0, column: 1)) })
        #expect(given[1].places == [TextPlace(line: 2, column: 11), TextPlace(line: 2, column: 26)])
    }

    @Test("may leave the brackets of one value out, and switch off")
    func simple() throws {
        let given = try Self.read("listen = 'a:1'\ninsecure = false")
        #expect(given.map(\.arguments) == [["--listen=a:1"], []])
    }

    @Test("holds a table for each of several programs, of which each takes its own")
    func tables() throws {
        let text = "client.retx = 1\n[server]\nregistry = 'r'\n"
        #expect(try Self.read(text).flatMap(\.arguments) == ["--retx=1"])
        #expect(try Self.read(text, for: "server").flatMap(\.arguments) == ["--registry=r"])
        #expect(try Self.read("[client]\nretx = 1", for: "server").isEmpty)
    }

    @Test(
        "is refused where a key or a value makes no sense",
        arguments: [
            ("retz = 1", 1, 1, "did you mean retx?"),
            ("[client]\nlisten = 'a'\nupstrem = 'a'", 3, 1, "did you mean upstream?"),
            ("quite-another = 1", 1, 1, "client --help"), ("registry = 'r'", 1, 1, "put it below [server]"),
            ("insecure = 'yes'", 1, 12, "write true or false"), ("insecure = 1", 1, 12, "write true or false"),
            ("retx = true", 1, 8, "not true or false"), ("retx = [1]", 1, 8, "one value"),
            ("retx = {}", 1, 8, "not a table"),
            ("retx.a = 1", 1, 1, "not a table"), ("listen = ['a', true]", 1, 16, "not true or false"),
            ("listen = [['a']]", 1, 11, "not a list"), ("unix-mode = 0o660", 1, 13, "decimal"),
            ("retx = 0x10", 1, 8, "decimal"),
            ("config = 'x'", 1, 1, "leave it out"), ("print-config = true", 1, 1, "leave it out"),
            ("[cleint]\nretx = 1", 1, 2, "did you mean [client]?"), ("[forward]\n", 1, 2, "[client] or [server]"),
            ("retx = 1\n[client]", 1, 1, "below [client] or [server]"),
            ("[client]\n[serve]", 2, 2, "did you mean [server]?"),
            ("client = 1", 1, 1, "below [client]"), ("[[client]]", 1, 3, "below [client]"),
            ("[client]\n[server]\nmtus = 1", 3, 1, "did you mean mtu?"), ("[[registry]]\nurl = 'a'", 1, 3, "--mirrors"),
            ("retx = 1\nretx = 2", 2, 1, "line 1"),
        ])
    func refusals(text: String, line: Int, column: Int, words: String) {
        do throws(TOMLDocument.Failure) {
            let given = try Self.read(text)
            Issue.record("\(text) was read as \(given)")
        } catch {
            #expect(error.place == TextPlace(line: line, column: column), "\(text): \(error)")
            #expect(error.why.contains(words), "\(text): \(error)")
        }
    }

    @Test("may hold every option of every program that runs on")
    func all() throws {
        let programs = try OptionSources.programs.map {
            ConfigurationFile.Program(name: $0._commandName, options: try CommandDescription(of: $0).options)
        }
        for program in programs {
            let names = program.options.filter { !["config", "print-config"].contains($0.name) }
            #expect(names.count > 5)
            let lines = names.map { option in
                "\(option.name) = " + (!option.takesValue ? "true" : option.isRepeating ? "[\"1\", 2]" : "\"1\"")
            }
            let text = "[\(program.name)]\n" + lines.joined(separator: "\n")
            let given = try ConfigurationFile.given(TOMLDocument(text), "x.toml", program.name, programs)
            #expect(given.count == names.count)
        }
    }
}

@Suite("Options in force")
struct OptionsInForceTests {
    private static func given(_ name: String, _ content: GivenOption.Content) -> GivenOption {
        GivenOption(
            option: .init(names: [name], name: name, takesValue: true, isRepeating: false, usual: nil),
            source: .commandLine, content: content)
    }

    @Test("differ from others where something is given, given otherwise or not any more")
    func changes() {
        let old = OptionsInForce([
            Self.given("log", .values(["info"])), Self.given("mtu", .values(["1400"])),
            Self.given("insecure", .isOn(true)),
            Self.given("push-default", .isOn(false)),
        ])
        #expect(old.changes(to: []) == ["insecure", "log", "mtu"])
        let new = [
            Self.given("mtu", .values(["1400"])), Self.given("log", .values(["debug"])),
            Self.given("retx", .values(["1"])),
            Self.given("insecure", .isOn(false)),
        ]
        #expect(old.changes(to: new) == ["insecure", "log", "retx"])
    }

    @Test("are changed as far as they can be, and what waits for a restart is told every time")
    func taking() {
        var options = OptionsInForce([Self.given("log", .values(["info"])), Self.given("mtu", .values(["1400"]))])
        let new = [Self.given("log", .values(["debug"])), Self.given("mtu", .values(["1300"]))]
        options.take(["log", "credentials"], from: new)
        #expect(options.changes(to: new) == ["mtu"])
        let back = [Self.given("mtu", .values(["1400"]))]
        #expect(options.changes(to: back) == ["log"])
        options.take(["log"], from: back)
        #expect(options.changes(to: back).isEmpty)
    }
}

@Suite("A printed configuration")
struct PrintedConfigurationTests {
    private static func option(_ name: String, isRepeating: Bool = false, usual: String? = nil)
        -> CommandDescription.Option
    {
        .init(names: [name], name: name, takesValue: true, isRepeating: isRepeating, usual: usual)
    }

    @Test("is a file that gives the same, and says where each comes from")
    func roundTrip() throws {
        let options = [
            Self.option("config"), Self.option("upstream"), Self.option("listen", isRepeating: true),
            Self.option("retx", usual: "10"),
            Self.option("mtu"), .init(names: [], name: "insecure", takesValue: false, isRepeating: false, usual: nil),
        ]
        let given = [
            GivenOption(option: options[1], source: .variable("DOCKER_NDN_UPSTREAM"), content: .values(["a\"\\\n\tb"])),
            GivenOption(
                option: options[2], source: .file("x\n.toml", TextPlace(line: 3, column: 1)),
                content: .values(["a", "1"])),
            GivenOption(option: options[5], source: .commandLine, content: .isOn(true)),
        ]
        let printed = PrintedConfiguration(of: "client", options: options, given: given, file: "x.toml", version: "1")
        #expect(
            printed.text == #"""
                # registry-ndn client 1
                # read: x.toml
                [client]
                upstream = "a\"\\\n\tb"  # variable DOCKER_NDN_UPSTREAM
                listen = ["a", 1]  # x?.toml:3:1
                # retx: default, 10
                # mtu: not given
                insecure = true  # command line

                """#)
        let read = try ConfigurationFile.given(
            TOMLDocument(printed.text), "y.toml", "client", [.init(name: "client", options: options)])
        #expect(read.map(\.arguments) == given.map(\.arguments))
    }

    @Test("hides passwords", arguments: ["http://me:secret@proxy:3128", "a=https://secret@host,/a", "//x@secret@y"])
    func secrets(value: String) throws {
        let option = Self.option("proxy")
        let given = GivenOption(
            option: option, source: .line(3, of: "./.env", variable: "V"), content: .values([value]))
        let printed = PrintedConfiguration(of: "client", options: [option], given: [given], file: nil, version: "1")
        #expect(!printed.text.contains("secret"))
        #expect(printed.text.contains("# proxy: not shown, since it holds a password; from variable V in ./.env:3"))
        #expect(try TOMLDocument(printed.text).root["client"] != nil)
    }
}
