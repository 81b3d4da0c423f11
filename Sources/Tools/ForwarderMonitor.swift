import NDN
import NDNForwarder
import RegistryNDN

/// How the forwarder is, for those who watch it.
struct ForwarderMonitor: Monitored {
    let gauge: ForwarderGauge

    func readiness() async -> Readiness {
        switch await gauge.read() {
        case .starting: .notReady("the forwarder does not listen yet")
        case .running: .ready
        case .ending: .notReady("the forwarder is ending")
        }
    }

    func write(to text: inout MetricsText) async {
        guard case .running(let now) = await self.gauge.read() else { return }
        func counter(_ name: String, _ help: String, _ value: UInt64) {
            text.counter("registry_ndn_forwarder_\(name)", help, [.init(value)])
        }
        func gauge(_ name: String, _ help: String, _ value: Int) {
            text.gauge("registry_ndn_forwarder_\(name)", help, [.init(value)])
        }
        counter("interests_total", "Interests received.", now.interests)
        counter("data_total", "Data packets received.", now.data)
        counter("nacks_total", "Nacks received.", now.nacks)
        counter("drops_total", "Packets not taken for want of room, or against a rule.", now.drops)
        counter("satisfied_interests_total", "Pending Interests that ended with Data.", now.satisfied)
        counter("unsatisfied_interests_total", "Pending Interests that ended without.", now.unsatisfied)
        counter("cs_hits_total", "Interests answered from the content store.", now.hits)
        counter("cs_misses_total", "Interests looked up there in vain.", now.misses)
        counter("cs_evictions_total", "Packets that left the content store to make room for others.", now.evictions)
        gauge("cs_packets", "Packets in the content store.", now.stored)
        gauge("cs_bytes", "Memory that the content store takes now.", now.storedOctets)
        gauge("cs_capacity_bytes", "Memory that it may take.", now.storeCapacity)
        gauge("pit_entries", "Interests that wait for their Data (PIT).", now.pending)
        gauge("pit_capacity_entries", "Interests that may wait.", now.pendingLimit)
        gauge("fib_entries", "Prefixes with a route (FIB).", now.routes)
        gauge("faces", "Programs and other machines that are connected.", now.faces)
    }

    func write(to state: inout ProgramState) async {
        state.program = "forwarder"
        if case .notReady(let why) = await readiness() { state.health = .init(.notReady, reason: why) }
        var forwarder = ForwarderState()
        if case .running(let now) = await gauge.read(), let (faces, routes) = await gauge.tables() {
            forwarder.write(now)
            forwarder.write(faces, routes)
        }
        state.forwarder = forwarder
    }
}

extension ForwarderState {
    fileprivate mutating func write(_ now: ForwarderStatistics) {
        (interests, data, nacks, drops) = (now.interests, now.data, now.nacks, now.drops)
        (satisfied, unsatisfied) = (now.satisfied, now.unsatisfied)
        (csHits, csMisses, csPackets) = (now.hits, now.misses, now.stored)
        (csBytes, csCapacityBytes) = (now.storedOctets, now.storeCapacity)
        (pitEntries, pitCapacityEntries) = (now.pending, now.pendingLimit)
    }

    fileprivate mutating func write(_ faces: [FaceStatus], _ routes: [RibEntry]) {
        (faceCount, routeCount) = (faces.count, routes.count)
        self.faces = faces.prefix(ProgramState.longest).map { face in
            Face(
                id: face.faceID, uri: face.remoteURI, inInterests: face.inInterests, inData: face.inData,
                inBytes: face.inBytes, outInterests: face.outInterests, outData: face.outData, outBytes: face.outBytes,
                health: face.health.map { "\($0)" })
        }
        self.routes = routes.prefix(ProgramState.longest).map { entry in
            Route(prefix: "\(entry.name)", faces: entry.routes.map(\.faceID))
        }
    }
}
