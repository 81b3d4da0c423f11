package import NDN
package import NIOCore

/// The forwarder without its sockets: a packet, the face it came from and the time in, packets to send out.
///
/// Follows NFD's pipelines and best-route strategy (docs/protocol.md 9) where a peer could tell the difference, except that
/// Data is taken only from a face that was asked for it, and that a second consumer's Interest joins a pending one without
/// being sent again.
package struct ForwardingCore {
    /// Sizes of the tables; what does not fit is dropped, nothing grows beyond them.
    package struct Limits: Sendable {
        package var pendingInterests = 65536
        /// Octets of the content store.
        package var contentStore = 512 << 20
        package var routes = 4096
        package var faces = 4096
        /// Faces that are kept connected to other hosts.
        package var keptFaces = 64
        /// Longer lifetimes count as this one.
        package var lifetime = TimeAmount.seconds(60)

        package init() {}
    }

    /// Since the start.
    package struct Counters: Equatable, Sendable {
        package var interests: UInt64 = 0
        package var data: UInt64 = 0
        package var nacks: UInt64 = 0
        package var satisfied: UInt64 = 0
        package var unsatisfied: UInt64 = 0
        /// Packets not taken for want of room, or against a rule.
        package var drops: UInt64 = 0
    }

    let limits: Limits
    var faces: [UInt64: FaceRecord] = [:]
    /// The faces that are kept connected.
    private(set) var kept: [UInt64] = []
    package var routes: RoutingTable
    var pit: PendingInterestTable
    private var refusals: HopRefusals
    /// No host may have more than half of the PIT.
    var shares = PendingShares()
    var store: ContentStore
    var deadNonces = DeadNonceList()
    var management = ManagementDispatcher()
    var random = SystemRandomNumberGenerator()
    var matches: [Int] = []
    package internal(set) var counters = Counters()
    /// What to send, for the caller to take away after each call.
    package var actions: [ForwardingAction] = []

    package init(limits: Limits = Limits()) {
        self.limits = limits
        routes = RoutingTable(capacity: limits.routes)
        refusals = HopRefusals(capacity: limits.routes)
        pit = PendingInterestTable(capacity: limits.pendingInterests)
        store = ContentStore(capacity: limits.contentStore)
    }

    /// When `timerFired` is due; nil: not before the next packet.
    package var deadline: NIODeadline? {
        [pit.deadline, routes.deadline, questionDeadline].compactMap(\.self).min()
    }

    /// A face came up; false when there are too many already.
    ///
    /// - Parameters:
    ///   - isLocal: Whether `/localhost` is reachable over it.
    ///   - isTrusted: Whether whoever is there may command about the faces of others.
    ///   - host: Whom it counts as; nil for the face by itself.
    package mutating func addFace(
        _ id: UInt64, isLocal: Bool, isTrusted: Bool = false, host: PeerHost? = nil
    ) -> Bool {
        guard faces[id] == nil else { return true }
        guard faces.count < limits.faces else { return false }
        faces[id] = FaceRecord(
            isLocal: isLocal, isTrusted: isTrusted, host: shares.addFace(of: host ?? .face(id)))
        return true
    }

    /// A face to another host is to be kept connected; it is not up yet, and stays with its routes when it goes down.
    package mutating func keepFace(_ id: UInt64, for whom: FaceRecord.Keeping) {
        faces[id] = FaceRecord(
            isLocal: false, isTrusted: false, host: shares.addFace(of: .face(id)), isUp: false, keeping: whom)
        kept.append(id)
    }

    /// A kept face went up or down.
    ///
    /// - Parameter isReached: Whether its peer has shown that it is there: over UDP a face is up whoever is at the other end.
    package mutating func changeFace(
        _ id: UInt64, isUp: Bool, isLocal: Bool, isReached: Bool, now: NIODeadline
    ) {
        faces[id]?.isUp = isUp
        faces[id]?.isLocal = isLocal
        if isReached { faces[id]?.health.heard(now: now) }
    }

    /// A face is gone, and its routes with it. Its records in the PIT are skipped from now on.
    package mutating func removeFace(_ id: UInt64) {
        guard let record = faces.removeValue(forKey: id) else { return }
        shares.removeFace(of: record.host)
        routes.removeFace(id)
        refusals.removeFace(id)
        kept.removeAll { $0 == id }
    }

    /// Whether any route leads to a face.
    package func hasRoute(to face: UInt64) -> Bool { routes.hasRoute(to: face) }

    /// A face's status, together with whether it answers as a next hop, where it is one.
    package func withHealth(_ status: FaceStatus, now: NIODeadline) -> FaceStatus {
        guard let record = faces[status.faceID], record.keeping != nil || hasRoute(to: status.faceID) else {
            return status
        }
        var (status, health) = (status, record.isUp ? record.health.status(now: now) : .down)
        if health == .answers, refusals.contains(status.faceID) { health = .refuses }
        status.health = health
        return status
    }

    /// Who lists, makes and closes faces.
    package mutating func setFaceMaking(_ making: FaceMaking) { management.faces = making }

    /// `deadline` has come.
    package mutating func timerFired(now: NIODeadline) {
        while let slot = pit.nextExpired(now: now) {
            counters.unsatisfied += 1
            finish(slot, rememberNonces: true, now: now)
        }
        routes.expire(now: now)
        askQuestions(now: now)
    }

    /// An Interest arrived.
    package mutating func receive(
        _ interest: Interest, _ fields: LinkFields, from face: UInt64, now: NIODeadline
    ) {
        guard let record = faces[face] else { return }
        counters.interests += 1
        let name = interest.name
        let isLocalhost = Name.localhost.isPrefix(of: name)
        // HopLimit 0 on arrival is dropped; /localhost never crosses a host's border.
        guard interest.hopLimit != 0, record.isLocal || !isLocalhost else {
            counters.drops += 1
            return
        }
        if isLocalhost, management.isMeant(name) {
            return manage(interest, fields, from: face, now: now)
        }
        let arrival = Arrival(
            interest: interest, nonce: interest.nonce ?? random.next(), token: fields.pitToken, face: face, now: now)
        guard !deadNonces.contains(name, nonce: arrival.nonce, now: now) else {
            return nack(arrival, .duplicate)
        }
        store.note(name, from: face, now: now)
        let key = PITKey(name: name, canBePrefix: interest.canBePrefix, mustBeFresh: interest.mustBeFresh)
        if let slot = pit.slot(for: key) {
            join(slot, arrival)
        } else if let data = store.find(interest, now: now) {
            send(data.wire, LinkFields(pitToken: arrival.token), to: face)
        } else {
            begin(key, arrival)
        }
    }

    /// No entry, no Data: ask upstream.
    private mutating func begin(_ key: PITKey, _ arrival: Arrival) {
        let choice = choose(for: arrival, entry: nil)
        guard let upstream = choice.face else { return refuse(arrival) }
        guard let host = faces[arrival.face]?.host, makeRoom(for: host, arrival.now) else {
            counters.drops += 1
            return
        }
        let slot = pit.insert(key, from: host)
        _ = pit[slot].receive(inRecord(arrival, host))
        shares.add(to: host)
        forward(arrival, slot, to: upstream, isTrial: choice.isTrial)
        if arrival.expectsAnswer { for face in choice.trials { probe(face, arrival, slot) } }
        pit.schedule(slot, now: arrival.now)
    }

    /// Whether there is room for one more in-record of a host. What has waited longest leaves for it: an answer that comes
    /// at all comes soon, and what nobody answers is what fills the table.
    private mutating func makeRoom(for host: Int, _ now: NIODeadline) -> Bool {
        let hasTooMany = isOverShare(host)
        guard hasTooMany || pit.isFull else { return true }
        guard let oldest = pit.oldest(of: hasTooMany ? host : nil) else { return false }
        counters.drops += 1
        finish(oldest, rememberNonces: true, now: now)
        return true
    }

    private func isOverShare(_ host: Int) -> Bool { shares[host] > limits.pendingInterests / 2 }

    /// An entry is there: aggregate, and pass on a downstream's retransmission.
    private mutating func join(_ slot: Int, _ arrival: Arrival) {
        guard !pit[slot].isLoop(nonce: arrival.nonce, from: arrival.face) else {
            return nack(arrival, .duplicate)
        }
        guard let host = faces[arrival.face]?.host else { return }
        guard !isOverShare(host) || pit[slot].isAwaited(by: arrival.face) else {
            counters.drops += 1
            return
        }
        let isNew = pit[slot].receive(inRecord(arrival, host))
        if isNew { shares.add(to: host) }
        pit.schedule(slot, now: arrival.now)
        guard !(isNew && isAsked(slot, now: arrival.now)), !isSuppressed(slot, now: arrival.now) else { return }
        let choice = choose(for: arrival, entry: pit[slot])
        if let upstream = choice.face { return forward(arrival, slot, to: upstream, isTrial: choice.isTrial) }
        if !isAsked(slot, now: arrival.now) { nack(arrival, .noRoute) }
    }

    private func inRecord(_ arrival: Arrival, _ host: Int) -> InRecord {
        let lifetime = min(arrival.interest.lifetime, limits.lifetime)
        return InRecord(
            face: arrival.face, host: host, token: arrival.token, nonce: arrival.nonce, expiry: arrival.now + lifetime)
    }

    private mutating func forward(_ arrival: Arrival, _ slot: Int, to upstream: UInt64, isTrial: Bool) {
        if arrival.expectsAnswer {
            if isTrial {
                faces[upstream]?.health.tried(now: arrival.now)
            } else {
                faces[upstream]?.health.asked(now: arrival.now)
            }
        }
        pit[slot].send(
            OutRecord(
                face: upstream, nonce: arrival.nonce, sent: arrival.now,
                expiry: arrival.now + min(arrival.interest.lifetime, limits.lifetime)))
        send(arrival.forwarded, LinkFields(), to: upstream)
    }

    /// One more upstream gets the Interest, to find out whether it is better than the one that was chosen. Nobody waits for one that
    /// is silent or has refused: its Nack must not be missing when the other one sends one.
    private mutating func probe(_ upstream: UInt64, _ arrival: Arrival, _ slot: Int) {
        let hasRefused =
            route(for: arrival.interest).map { refusals.tried(upstream, $0.prefix, now: arrival.now) } ?? false
        if hasRefused || faces[upstream]?.health.isSilent(now: arrival.now) ?? true {
            faces[upstream]?.health.tried(now: arrival.now)
            send(arrival.forwarded, LinkFields(), to: upstream)
        } else {
            forward(arrival, slot, to: upstream, isTrial: true)
        }
    }

    /// There is no route.
    private mutating func refuse(_ arrival: Arrival) {
        guard let answer = refusalOfRoute(arrival.interest, from: arrival.face) else { return nack(arrival, .noRoute) }
        send(answer, LinkFields(pitToken: arrival.token), to: arrival.face)
    }

    /// The downstream is told at once that nothing will come.
    private mutating func nack(_ arrival: Arrival, _ reason: NackReason) {
        counters.nacks += 1
        let packet = arrival.interest.with(nonce: arrival.nonce, hopLimit: arrival.interest.hopLimit)
        send(packet, LinkFields(pitToken: arrival.token, nack: reason), to: arrival.face)
    }

    mutating func send(_ packet: ByteBuffer, _ fields: LinkFields, to face: UInt64) {
        actions.append(ForwardingAction(face: face, packet: packet, fields: fields))
    }

    /// Ends an entry.
    mutating func finish(_ slot: Int, rememberNonces: Bool, now: NIODeadline) {
        for record in pit[slot].inRecords { shares.remove(from: record.host) }
        if rememberNonces {
            for record in pit[slot].outRecords {
                deadNonces.insert(pit[slot].key.name, nonce: record.nonce, now: now)
            }
        }
        pit.remove(slot)
    }
}

extension ForwardingCore {
    // MARK: Data and Nacks

    /// Data satisfied with less freshness than the Dead Nonce List's memory may be asked for again within it
    /// (docs/protocol.md 9.1).
    private static let nonceMemoryMilliseconds: UInt64 = 6000

    /// A Data arrived.
    package mutating func receive(_ data: DataPacket, _ fields: LinkFields, from face: UInt64, now: NIODeadline) {
        guard let record = faces[face] else { return }
        if record.health.listens { heard(data.name, from: face, now: now) }
        if !refusals.isEmpty, let prefix = routes.match(data.name)?.prefix { refusals.served(face, prefix) }
        counters.data += 1
        guard record.isLocal || !Name.localhost.isPrefix(of: data.name) else {
            counters.drops += 1
            return
        }
        pit.findMatches(data, into: &matches)
        // Data from a face that was not asked is dropped: otherwise any peer could fill the store under any name.
        matches.removeAll { slot in !pit[slot].outRecords.contains { $0.face == face } }
        guard !matches.isEmpty else {
            counters.drops += 1
            return
        }
        store.insert(data, now: now)
        for slot in matches { satisfy(slot, data, fields, from: face, now: now) }
        matches.removeAll(keepingCapacity: true)
    }

    private mutating func satisfy(
        _ slot: Int, _ data: DataPacket, _ fields: LinkFields, from face: UInt64, now: NIODeadline
    ) {
        if let record = pit[slot].outRecords.first(where: { $0.face == face }), !record.isRepeated {
            faces[face]?.health.measured(now - record.sent)
        }
        for record in pit[slot].inRecords where record.expiry > now && record.face != face {
            // The PIT token is that of this downstream; the congestion mark goes on along the whole path.
            send(
                data.wire, LinkFields(pitToken: record.token, congestionMark: fields.congestionMark),
                to: record.face)
        }
        counters.satisfied += 1
        let mayReturn = pit[slot].key.mustBeFresh && data.freshnessMilliseconds < Self.nonceMemoryMilliseconds
        finish(slot, rememberNonces: mayReturn, now: now)
    }

    /// A Nack arrived: when every next hop has refused, the downstreams are told.
    package mutating func receive(
        nack reason: NackReason, for interest: Interest, from face: UInt64, now: NIODeadline
    ) {
        heard(interest.name, from: face, now: now)
        if reason != .duplicate { noteRefusal(of: interest.name, by: face, now: now) }
        let key = PITKey(
            name: interest.name, canBePrefix: interest.canBePrefix, mustBeFresh: interest.mustBeFresh)
        // One with another Nonce answers an earlier transmission (docs/protocol.md 7.4).
        guard let slot = pit.slot(for: key),
            let index = pit[slot].outRecords.firstIndex(where: { $0.face == face && $0.nonce == interest.nonce })
        else { return }
        pit[slot].outRecords[index].nack = reason
        guard !isAsked(slot, now: now), !askAnother(slot, interest, now: now) else { return }
        let reasons = pit[slot].outRecords.compactMap(\.nack)
        let least = reasons.min() ?? reason
        for record in pit[slot].inRecords where record.expiry > now {
            counters.nacks += 1
            send(
                interest.with(nonce: record.nonce, hopLimit: interest.hopLimit),
                LinkFields(pitToken: record.token, nack: least), to: record.face)
        }
        counters.unsatisfied += 1
        finish(slot, rememberNonces: true, now: now)
    }

    /// Whatever comes shows that the peer lives; only the answer to what others than this forwarder asked shows that it serves.
    private mutating func heard(_ name: Name, from face: UInt64, now: NIODeadline) {
        let isAnswerToQuestion =
            faces[face]?.keeping != nil && (Name.localhop.isPrefix(of: name) || Name.localhost.isPrefix(of: name))
        if isAnswerToQuestion {
            faces[face]?.health.answeredQuestion(now: now)
        } else {
            faces[face]?.health.heard(now: now)
        }
    }

    /// A next hop refuses what another one may have. It may be a copy that it refuses, or an Interest that was answered since.
    private mutating func noteRefusal(of name: Name, by face: UInt64, now: NIODeadline) {
        guard let (prefix, hops) = routes.match(name), hops.count > 1, hops.contains(where: { $0.face == face }) else {
            return
        }
        refusals.refused(face, prefix, now: now)
    }

    /// All that were asked have refused: a next hop that was not asked gets the Interest. Returns whether there is one.
    private mutating func askAnother(_ slot: Int, _ interest: Interest, now: NIODeadline) -> Bool {
        guard interest.hopLimit != 0, let downstream = pit[slot].inRecords.first(where: { $0.expiry > now }) else {
            return false
        }
        let arrival = Arrival(
            interest: interest, nonce: downstream.nonce, token: nil, face: downstream.face, now: now)
        let choice = choose(for: arrival, entry: pit[slot])
        guard let upstream = choice.face, !pit[slot].outRecords.contains(where: { $0.face == upstream }) else {
            return false
        }
        forward(arrival, slot, to: upstream, isTrial: choice.isTrial)
        return true
    }

    // MARK: The strategy (NextHopChoice)

    /// NFD's suppression of retransmissions (docs/protocol.md 9.2).
    private static let firstSuppression = TimeAmount.milliseconds(10)
    private static let lastSuppression = TimeAmount.milliseconds(250)

    /// Where to send an Interest.
    private func choose(for arrival: Arrival, entry: PITEntry?) -> NextHopChoice {
        var choice = NextHopChoice(now: arrival.now)
        guard let (prefix, hops) = route(for: arrival.interest) else { return choice }
        for hop in hops where isEligible(hop.face, arrival) {
            guard let face = faces[hop.face], face.isUp else { continue }
            let record = entry?.outRecords.first { $0.face == hop.face && $0.expiry > arrival.now }
            choice.offer(
                hop, face.health, isQuestioned: face.keeping != nil,
                standing: refusals.standing(of: hop.face, for: prefix, now: arrival.now), sent: record?.sent)
        }
        return choice
    }

    /// The routes for the name, else for the first delegation of its ForwardingHint that has any.
    private func route(for interest: Interest) -> (prefix: Name, nextHops: [NextHop])? {
        routes.match(interest.name) ?? interest.forwardingHint.lazy.compactMap { routes.match($0) }.first
    }

    /// Not back where it came from; with HopLimit 0 only to this host (docs/protocol.md 4.1); /localhost only to this host, and
    /// /localhop from outside too (8.3).
    private func isEligible(_ face: UInt64, _ arrival: Arrival) -> Bool {
        guard face != arrival.face, let record = faces[face] else { return false }
        if record.isLocal { return true }
        let name = arrival.interest.name
        return arrival.hopLimit != 0 && !Name.localhost.isPrefix(of: name)
            && (faces[arrival.face]?.isLocal ?? false || !Name.localhop.isPrefix(of: name))
    }

    /// Whether an answer is still to be expected from some upstream.
    private func isAsked(_ slot: Int, now: NIODeadline) -> Bool {
        pit[slot].outRecords.contains { isPending($0, now: now) }
    }

    private func isPending(_ record: OutRecord, now: NIODeadline) -> Bool {
        record.nack == nil && record.expiry > now && faces[record.face]?.isUp ?? false
    }

    /// Whether a retransmission comes too soon after the last transmission: before its answer could be here, or within NFD's
    /// interval, which doubles with each that is passed on.
    ///
    /// Of many consumers who wait for one lost segment each asks again by itself; what each of them asked for would cross the line.
    private mutating func isSuppressed(_ slot: Int, now: NIODeadline) -> Bool {
        var last: OutRecord?
        for record in pit[slot].outRecords where isPending(record, now: now) && record.sent >= last?.sent ?? record.sent
        {
            last = record
        }
        guard let last else { return false }
        let interval = max(pit[slot].suppression, Self.firstSuppression)
        let roundTrip = faces[last.face]?.health.shortest ?? .zero
        if now - last.sent < max(interval, min(roundTrip, Self.lastSuppression)) { return true }
        pit[slot].suppression = min(interval * 2, Self.lastSuppression)
        return false
    }
}

extension ForwardingCore {
    // MARK: Kept faces

    /// When the next of the kept faces that are silent is to be asked whether its peer lives.
    private var questionDeadline: NIODeadline? { kept.lazy.compactMap { questionDue($0) }.min() }

    private func questionDue(_ face: UInt64) -> NIODeadline? {
        guard let record = faces[face], record.isUp else { return nil }
        return record.health.questionDue
    }

    /// Asks the peers of silent faces something that every forwarder answers, if only with a Nack.
    private mutating func askQuestions(now: NIODeadline) {
        for face in kept {
            guard let due = questionDue(face), due <= now, let record = faces[face] else { continue }
            faces[face]?.health.questioned(now: now)
            let scope = record.isLocal ? ManagementScope.localhost : .localhop
            if let packet = scope.question(nonce: random.next()) { send(packet, LinkFields(), to: face) }
        }
    }
}
