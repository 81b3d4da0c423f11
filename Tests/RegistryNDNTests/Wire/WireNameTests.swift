import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Wire: names")
struct WireNameTests {
    @Test("A component is decoded, printed, parsed and encoded", arguments: Vector.of("component"))
    func component(vector: Vector) throws {
        let expect = vector.expect
        let component = try NameComponent(decoding: vector.wire)
        #expect(UInt64(component.type) == expect["type"].number)
        #expect(component.value.hex == expect["value"].string)
        #expect(component.uri == expect["uri"].string)
        #expect(component.canonicalURI == expect["uri_canonical"].string)
        if let number = expect["number"].number { #expect(component.number == number) }
        #expect(try NameComponent(uri: component.canonicalURI) == component)
        #expect(Name([component]).value.hex == vector.hex)
        guard vector.id != "comp-seg-nonshortest" else { return #expect(!component.isSegment) }
        #expect(try NameComponent(uri: component.uri) == component)
    }

    @Test("A broken component is refused", arguments: Vector.of("invalid-component"))
    func invalidComponent(vector: Vector) {
        #expect(throws: WireError.self) { try NameComponent(decoding: vector.wire) }
        #expect(throws: WireError.invalid) { try Name(value: vector.wire) }
    }

    @Test("A name is decoded, printed, parsed and encoded", arguments: Vector.of("name"))
    func name(vector: Vector) throws {
        let name = try Name(decoding: vector.wire)
        #expect(name.uri == vector.expect["uri"].string)
        #expect(name.canonicalURI == vector.expect["uri_canonical"].string)
        #expect(name.count == vector.expect["components"].strings.count)
        #expect(name.components.map { Name([$0]).value.hex } == vector.expect["components"].strings)
        #expect(try Name(uri: name.uri) == name)
        #expect(try Name(uri: "ndn:" + name.canonicalURI) == name)
        #expect(try Name(uri: "ndn://authority" + name.uri) == name)
        var encoded = ByteBuffer()
        name.encode(into: &encoded)
        #expect(encoded.hex == vector.hex)
        #expect(encoded.readableBytes == name.encodedSize)
        #expect(Name(name.components) == name)
        #expect(Name(name.components).hashValue == name.hashValue)
    }

    @Test("A broken name is refused", arguments: Vector.of("invalid-name"))
    func invalidName(vector: Vector) {
        #expect(throws: WireError.self) { try Name(decoding: vector.wire) }
    }

    @Test("Names have the canonical order", arguments: Vector.of("name-order"))
    func order(vector: Vector) throws {
        var reader = TLVReader(vector.wire)
        var names: [Name] = []
        while let element = try reader.next() {
            names.append(try Name(value: element.value))
        }
        #expect(names.map(\.uri) == vector.expect["ascending"].strings)
        #expect(names.reversed().sorted() == names)
        let components = names.filter { $0.count == 1 }.map { $0[0] }
        #expect(components.reversed().sorted() == components)
    }

    @Test(
        "What is no Name URI says so",
        arguments: [
            "", "A", "/A//B", "/.", "/..", "/%4", "/%zz", "/0=A", "/65536=A", "/+8=A", "/a=b", "/seg=", "/seg=-1",
            "/seg=+1",
            "/seg=18446744073709551616", "/sha256digest=00", "/1=A", "/32=", "/seg=0x1",
        ])
    func invalidURI(uri: String) {
        let error = #expect(throws: WireError.self) { try Name(uri: uri) }
        guard case .uri(let sentence) = error else { return #expect(error == .uri("…")) }
        #expect(sentence.hasPrefix("'"))
    }

    @Test("Digest hex is read in both cases and printed in lower case")
    func digestCase() throws {
        let hex = String(repeating: "aB", count: 32)
        #expect(try Name(uri: "/sha256digest=" + hex).uri == "/sha256digest=" + hex.lowercased())
        #expect(SHA256Digest(hex: String(repeating: "g", count: 64)) == nil)
        #expect(SHA256Digest(bytes: [1, 2]) == nil)
    }

    @Test("A segment is split off only in its shortest form")
    func splitSegment() throws {
        for number in [0, 255, 256, 65536, UInt64.max] {
            let name = try Name(uri: "/A/B").appending(.segment(number))
            let split = try #require(name.splitSegment())
            #expect(split.prefix.uri == "/A/B")
            #expect(split.segment == number)
        }
        #expect(try Name(value: ByteBuffer(hex: "320100")).splitSegment()?.prefix.isEmpty == true)
        for hex in ["", "080141", "32020001", "3203000001", "320100080141", "3200"] {
            #expect(try Name(value: ByteBuffer(hex: hex)).splitSegment() == nil, "\(hex)")
        }
    }

    @Test("Prefixes are whole components and share the storage")
    func prefixes() throws {
        let name = try Name(uri: "/A/BC/32=metadata")
        #expect(name.prefix(2).uri == "/A/BC")
        #expect(name.prefix(9) == name)
        #expect(name.prefix(0).isEmpty && name.prefix(-1).isEmpty)
        #expect(name.dropLast().uri == "/A/BC")
        #expect(name.dropLast(5).isEmpty)
        #expect(name.last == .keyword("metadata"))
        #expect(Name().last == nil)
        #expect(name[1] == .generic("BC"))
        #expect(name.prefix(1).isPrefix(of: name) && name.isPrefix(of: name) && Name().isPrefix(of: name))
        #expect(!name.isPrefix(of: name.prefix(2)))
        #expect(try !Name(uri: "/A/B").isPrefix(of: name))
        #expect(try Name(uri: "/A").appending(Name(uri: "/BC/32=metadata")) == name)
        #expect(name.owned() == name)
    }
}
