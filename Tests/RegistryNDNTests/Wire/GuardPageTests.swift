import CNDNFast
import Glibc
import NIOCore
import Testing

@testable import NDN
@testable import RegistryNDN

/// Memory that ends at a page nobody may touch.
@safe private final class GuardedMemory {
    static let capacity = 1 << 16
    private let start: UnsafeMutableRawPointer
    private let pageSize = sysconf(Int32(_SC_PAGESIZE))

    init() throws {
        let size = Self.capacity + pageSize
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        unsafe start = try #require(memory != MAP_FAILED ? memory : nil)
        let isGuarded = unsafe mprotect(start + Self.capacity, pageSize, PROT_NONE) == 0
        try #require(isGuarded)
    }

    deinit { unsafe munmap(start, Self.capacity + pageSize) }

    /// The octets, right before the page.
    func place(_ octets: some Collection<UInt8>) -> UnsafeMutableBufferPointer<UInt8> {
        let first = unsafe (start + Self.capacity - octets.count).assumingMemoryBound(to: UInt8.self)
        let placed = unsafe UnsafeMutableBufferPointer(start: first, count: octets.count)
        _ = unsafe placed.update(fromContentsOf: octets)
        return unsafe placed
    }
}

@Suite("Link: guard pages")
struct GuardPageTests {
    @Test("No decoder reads past the last octet, wherever a vector is cut", arguments: Vector.all)
    func truncated(_ vector: Vector) throws {
        let octets = Array(vector.wire.readableBytesView)
        let memory = try GuardedMemory()
        for length in 0...octets.count {
            let cut = unsafe memory.place(octets[..<length])
            let isWhole = length == octets.count
            unsafe decodeAll(cut, vector, isWhole)
            // The outer element ends where the octets do: now what is inside ends early.
            if unsafe refit(cut) { unsafe decodeAll(cut, vector, false) }
        }
    }

    @Test("The page is there")
    func pageIsGuarded() throws {
        let memory = try GuardedMemory()
        let last = unsafe memory.place([7])
        // A system call reports what a read would die of.
        var pipe: [Int32] = [0, 0]
        #expect(unsafe Glibc.pipe(&pipe) == 0)
        defer { for end in pipe { close(end) } }
        #expect(unsafe write(pipe[1], last.baseAddress!, 1) == 1)
        #expect(unsafe write(pipe[1], last.baseAddress! + 1, 1) == -1)
        #expect(errno == EFAULT)
    }

    private func decodeAll(_ octets: UnsafeMutableBufferPointer<UInt8>, _ vector: Vector, _ isWhole: Bool) {
        let start = unsafe UnsafePointer(octets.baseAddress)
        let count = octets.count
        var interest = cndn_interest()
        var data = cndn_data()
        var lp = cndn_lp()
        var name = cndn_name_info()
        var info = cndn_signature_info()
        var prefix = 0
        var segment: UInt64 = 0
        var size = 0
        let isInterest = unsafe cndn_interest_decode(start, count, &interest) == CNDN_OK
        let isData = unsafe cndn_data_decode(start, count, &data) == CNDN_OK
        let isLink = unsafe cndn_lp_decode(start, count, &lp) == CNDN_OK
        _ = unsafe cndn_lp_frame(start, count, &size)
        _ = unsafe cndn_lp_check_packet(3, start, count)
        if unsafe cndn_name_check(cndn_reader_make(start, count), &name) == CNDN_OK {
            #expect(unsafe cndn_name_prefix(start, count, cndn_name_count(start, count)) == count)
            _ = unsafe cndn_name_split_segment(start, count, &prefix, &segment)
        }
        _ = unsafe cndn_signature_info_parse(cndn_reader_make(start, count), &info)
        // Each decoder did its work, rather than giving up at once.
        guard isWhole else { return }
        if vector.kind == "interest" { #expect(isInterest) }
        if vector.kind == "data" { #expect(isData) }
        if vector.kind == "lp" { #expect(isLink) }
    }

    /// Makes the outer TLV-LENGTH fit, if it is of the usual forms.
    private func refit(_ octets: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        let count = octets.count
        guard count >= 2, unsafe octets[0] < 0xFD else { return false }
        if unsafe octets[1] < 0xFD, count - 2 < 0xFD {
            unsafe octets[1] = UInt8(count - 2)
            return true
        }
        guard unsafe octets[1] == 0xFD, count - 4 >= 0xFD else { return false }
        unsafe octets[2] = UInt8(truncatingIfNeeded: (count - 4) >> 8)
        unsafe octets[3] = UInt8(truncatingIfNeeded: count - 4)
        return true
    }
}
