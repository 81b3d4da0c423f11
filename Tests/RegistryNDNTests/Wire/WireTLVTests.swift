import CNDNFast
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

@Suite("Wire: TLV")
struct WireTLVTests {
    private func readVarnum(_ octets: ByteBuffer) -> (result: cndn_result, number: UInt64, size: Int) {
        unsafe octets.withReader { reader in
            var number: UInt64 = 0
            let result = unsafe cndn_read_varnum(&reader, &number)
            return unsafe (result, number, reader.pos)
        }
    }

    @Test("A var-number is read and written", arguments: Vector.of("varnum"))
    func varnum(vector: Vector) throws {
        let read = readVarnum(vector.wire)
        #expect(read.result == CNDN_OK)
        #expect(read.number == vector.expect["value"].number)
        #expect(UInt64(read.size) == vector.expect["size"].number)

        var written = ByteBuffer()
        unsafe written.write(capacity: 9) { unsafe cndn_write_varnum(&$0, read.number) }
        #expect(written.hex == vector.hex)
        #expect(cndn_varnum_size(read.number) == read.size)
    }

    @Test("A var-number that is cut or not shortest is refused", arguments: Vector.of("invalid-varnum"))
    func invalidVarnum(vector: Vector) {
        let truncated = vector.id.hasPrefix("varnum-truncated")
        #expect(readVarnum(vector.wire).result == (truncated ? CNDN_INCOMPLETE : CNDN_INVALID))
    }

    @Test("A NonNegativeInteger is read, and written shortest", arguments: Vector.of("nni"))
    func nonNegativeInteger(vector: Vector) throws {
        let number = try vector.wire.nonNegativeInteger()
        #expect(number == vector.expect["value"].number)
        guard !vector.id.contains("nonshortest") else { return }
        var written = ByteBuffer()
        written.writeTLV(type: 8, number: number)
        #expect(try TLVElement(decoding: written).value.hex == vector.hex)
    }

    @Test("A number of any other length is refused", arguments: Vector.of("invalid-nni"))
    func invalidNonNegativeInteger(vector: Vector) {
        #expect(throws: WireError.invalid) { try vector.wire.nonNegativeInteger() }
    }

    @Test("An element is read and written", arguments: Vector.of("tlv"))
    func element(vector: Vector) throws {
        let element = try TLVElement(decoding: vector.wire)
        #expect(UInt64(element.type) == vector.expect["type"].number)
        #expect(element.value.hex == vector.expect["value"].string)
        #expect(element.isCritical == vector.expect["critical"].bool)
        var written = ByteBuffer()
        written.writeTLV(type: element.type, element.value)
        #expect(written.hex == vector.hex)
    }

    @Test("A broken element is refused", arguments: Vector.of("invalid-tlv"))
    func invalidElement(vector: Vector) {
        #expect(throws: WireError.self) { try TLVElement(decoding: vector.wire) }
    }

    @Test("A length of up to 2^64-1 is a matter of waiting, not of overflow")
    func hugeLength() {
        for hex in ["08ffffffffffffffffff41", "08ff800000000000000041", "08feffffffff41"] {
            #expect(throws: WireError.incomplete) { try TLVElement(decoding: ByteBuffer(hex: hex)) }
            #expect(throws: WireError.invalid) { try Name(value: ByteBuffer(hex: hex)) }
        }
    }

    @Test("A writer stops at the end of its memory and stays stopped")
    func noSpace() {
        var octets = ByteBuffer()
        unsafe octets.write(capacity: 4) { writer in
            unsafe cndn_write_header(&writer, 21, 3)
            unsafe cndn_write_varnum(&writer, 65536)
            unsafe cndn_write_varnum(&writer, 1)
            unsafe #expect(writer.result == CNDN_NOSPACE && writer.pos == 2)
        }
        #expect(octets.readableBytes == 0)
    }

    @Test("A reader gives the elements in turn and stops at a broken one")
    func reader() throws {
        var reader = TLVReader(ByteBuffer(hex: "080141f00008024142"))
        #expect(try reader.next()?.value.hex == "41")
        #expect(try reader.next()?.type == 240)
        #expect(try reader.next()?.value.hex == "4142")
        #expect(try reader.next() == nil)
        var broken = TLVReader(ByteBuffer(hex: "0800" + "0000"))
        #expect(try broken.next()?.type == 8)
        #expect(throws: WireError.invalid) { try broken.next() }
    }
}
