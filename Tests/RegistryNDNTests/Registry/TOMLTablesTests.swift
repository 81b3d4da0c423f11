import RegistryNDN
import Testing

@Suite struct TOMLTablesTests {
    @Test func readsTables() throws {
        let text = """
            # Registries.
            [[registry]]   # the first
            hosts = ["docker.io", 'index.docker.io' , # more
                "x\\"y\\\\z",
            ]
            url="https://registry-1.docker.io"\t# not "this"
            default = true

            [[ registry ]]\r
            name = '/a\\b # c'\r
            listen = []
            x-y_1 = false
            """
        let tables = try TOMLTables(text).tables
        #expect(tables.map(\.name) == ["registry", "registry"])
        #expect(tables.map(\.line) == [2, 9])
        #expect(
            tables[0].values == [
                "hosts": .strings(["docker.io", "index.docker.io", "x\"y\\z"]),
                "url": .string("https://registry-1.docker.io"), "default": .boolean(true),
            ])
        #expect(
            tables[1].values == ["name": .string("/a\\b # c"), "listen": .strings([]), "x-y_1": .boolean(false)])
    }

    @Test(arguments: ["", "\n\n# only this", " \t\r\n"])
    func mayBeEmpty(text: String) throws {
        #expect(try TOMLTables(text).tables.isEmpty)
    }

    @Test(
        arguments: [
            ("x = 1", 1), ("x = true", 1), ("[registry]\nx = true", 1), ("[[a]\n", 1), ("[[a]] b", 1), ("[[]]", 1),
            ("[[a]]\nb", 2), ("[[a]]\nb =", 2), ("[[a]]\nb = \"c", 2), ("[[a]]\nb = \"c\nd\"", 2),
            ("[[a]]\n\nb = \"\\u0041\"", 3), ("[[a]]\nb = 1979-05-27", 2), ("[[a]]\nb = truely", 2),
            ("[[a]]\nb = [\"c\" \"d\"]", 2), ("[[a]]\nb = [\"c\",\n 1]", 3), ("[[a]]\nb = [", 2),
            ("[[a]]\nb = true\nb = true", 3), ("[[a]]\nb.c = true", 2), ("[[a]]\nb = \"\"\"c\"\"\"", 2),
            ("[[a]]\nb = {c = true}", 2), ("[[a]]\n= true", 2), ("[[a]]\nb = \"c\" d", 2), ("[[a.b]]", 1),
        ])
    func refusesWithTheLine(text: String, line: Int) {
        do {
            let tables = try TOMLTables(text).tables
            Issue.record("read as \(tables)")
        } catch {
            #expect(error.line == line)
        }
    }
}
