internal import NDN

/// How much of the PIT each host has, whatever the number of its faces: in-records count for the host that they came from,
/// also when their face is gone.
struct PendingShares {
    private struct Share {
        var host: PeerHost
        var faces = 0
        var pending = 0
    }

    private var shares: ContiguousArray<Share> = []
    private var numbers: [PeerHost: Int] = [:]
    private var free: [Int] = []

    /// In-records of a host.
    subscript(number: Int) -> Int { shares[number].pending }

    /// A face of the host came; the host's number until `removeFace`, and as long as it has in-records.
    mutating func addFace(of host: PeerHost) -> Int {
        let number = numbers[host] ?? free.popLast() ?? shares.count
        if number == shares.count { shares.append(Share(host: host)) }
        if numbers[host] == nil {
            shares[number] = Share(host: host)
            numbers[host] = number
        }
        shares[number].faces += 1
        return number
    }

    mutating func removeFace(of number: Int) {
        shares[number].faces -= 1
        freeIfUnused(number)
    }

    mutating func add(to number: Int) {
        shares[number].pending += 1
    }

    mutating func remove(from number: Int) {
        shares[number].pending -= 1
        freeIfUnused(number)
    }

    private mutating func freeIfUnused(_ number: Int) {
        guard shares[number].faces == 0, shares[number].pending == 0 else { return }
        numbers[shares[number].host] = nil
        free.append(number)
    }
}
