internal import Logging
internal import NDN
internal import NIOCore
package import NIOHTTP1
internal import ServiceLifecycle

/// A request as a responder sees it.
package struct HTTPRequest: Sendable {
    package let head: HTTPRequestHead
    /// The body; nil when the request has none.
    package let body: RequestBody?
    /// Whether our own credentials may be used for it.
    package var mayUseCredentials = true
}

/// Answers requests.
package protocol HTTPResponder: Sendable {
    /// Answers `request`. The connection is closed when this throws or leaves the response incomplete, and the task is
    /// cancelled when the peer goes away.
    func respond(to request: HTTPRequest, _ response: inout ResponseWriter) async throws
}

/// One connection of an HTTP client: requests one after another, until either side has enough.
struct HTTPConnection: Sendable {
    typealias AsyncChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    typealias Parts = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    let channel: any Channel
    let seat: ConnectionSeat
    let limits: HTTPLimits
    let responder: any HTTPResponder
    let logger: Logger
    private let occupancy = ConnectionOccupancy()

    /// Serves until the connection is closed; cancellation closes it.
    func run() async {
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask(executorPreference: LoopExecutor(channel.eventLoop)) { await serve() }
                    // A peer that goes away, cleanly or not, ends what is being done for it.
                    group.addTask { try? await channel.closeFuture.get() }
                    await group.next()
                    group.cancelAll()
                }
            } onCancel: {
                channel.close(promise: nil)
            }
        } onGracefulShutdown: {
            if occupancy.drain() { channel.close(promise: nil) }
        }
    }

    private func serve() async {
        do {
            try await open().executeThenClose { inbound, outbound in
                var parts = inbound.makeAsyncIterator()
                while let head = try await nextHead(&parts) {
                    guard try await answer(head, &parts, outbound) else { break }
                }
                try await linger(&parts)
            }
        } catch let error as TLSError where error.code != .truncated && error.code != .broken {
            logger.info("a client was refused", metadata: ["reason": "\(ErrorSentence.of(error))"])
        } catch {
            logger.trace("connection ended", metadata: ["reason": "\(error)"])
        }
    }

    /// Begins to read.
    ///
    /// The async channel is made only here, and not with the connection: one that nobody takes over, as when the program ends at
    /// that moment, traps.
    private func open() async throws -> AsyncChannel {
        let channel = channel
        let asyncChannel = try await channel.eventLoop.submit {
            guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
            return try AsyncChannel(wrappingChannelSynchronously: channel)
        }.get()
        // Fails when the peer has gone already, which reading tells as well.
        _ = channel.setOption(.autoRead, value: true)
        return asyncChannel
    }

    /// Waits for a request; nil when there will be none.
    private func nextHead(_ parts: inout Parts) async throws -> HTTPRequestHead? {
        guard occupancy.becomeIdle() else { return nil }
        seat.waits()
        let timer = closeWhenTaken(after: seat.isRefused ? limits.handshakeTimeout : limits.headTimeout)
        defer { timer.cancel() }
        guard let part = try await parts.next() else { return nil }
        guard case .head(var head) = part else { throw HTTPParserError.invalidInternalState }
        head.headers.trimValues()
        occupancy.becomeBusy()
        seat.works()
        return head
    }

    /// Answers one request and reads it to its end. Returns whether another may follow.
    private func answer(_ head: HTTPRequestHead, _ parts: inout Parts, _ outbound: Outbound) async throws -> Bool {
        var head = head
        head.useOriginForm()
        if seat.isRefused {
            var response = ResponseWriter(outbound, to: head, closes: true)
            try await response.refuseForNow("too many connections")
            return false
        }
        if let refusal = RequestHeadCheck.refusal(of: head) {
            var response = ResponseWriter(outbound, to: head, closes: true)
            try await response.refuse(refusal)
            return false
        }
        guard head.announcesBody else {
            guard case .end = try await parts.next() else { return false }
            return try await respond(HTTPRequest(head: head, body: nil), outbound)
        }
        // 100 (Continue) goes out before anything else can: the upstream would say no earlier whether it wants the body.
        if head.expectsContinue { try await outbound.write(.head(.init(version: .http1_1, status: .continue))) }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            let body = RequestBody()
            let request = HTTPRequest(head: head, body: body)
            group.addTask {
                defer { body.abandon() }
                return try await respond(request, outbound)
            }
            let isRead = try await feed(body, from: &parts)
            return try await group.next() == true && isRead
        }
    }

    private func respond(_ request: HTTPRequest, _ outbound: Outbound) async throws -> Bool {
        let closes = !request.head.permitsAnother || occupancy.isDraining
        var response = ResponseWriter(outbound, to: request.head, closes: closes)
        do {
            try await responder.respond(to: request, &response)
        } catch {
            // The connection ends at once, without the end of the body: the response must not look complete.
            channel.close(promise: nil)
            throw error
        }
        guard response.isComplete else { throw ChannelError.eof }
        return !response.closes
    }

    /// Hands a request's body over. Returns whether it was read to its end.
    private func feed(_ body: RequestBody, from parts: inout Parts) async throws -> Bool {
        var discarded = 0
        var hasBegun = false
        // A client that has only announced a body gives way like one that asks for nothing.
        seat.waits()
        var trickle = TrickleLimit(rate: limits.bodyRate, window: limits.bodyTimeout)
        while true {
            let begin = channel.eventLoop.now
            let timer = fail(body, after: hasBegun ? limits.bodyTimeout : limits.bodyBegin, hasBegun: hasBegun)
            let part: HTTPServerRequestPart?
            do {
                part = try await parts.next()
                timer.cancel()
            } catch {
                timer.cancel()
                body.finish(.failure(error))
                throw error
            }
            let isFirst = !hasBegun
            if isFirst { seat.works() }
            hasBegun = true
            switch part {
            case .body(let chunk):
                // The first bytes have a time limit of their own, `bodyBegin`.
                guard isFirst || trickle.takes(chunk.readableBytes, from: begin, to: channel.eventLoop.now) else {
                    body.finish(.failure(RequestBodyFailure.slow(rate: limits.bodyRate)))
                    return false
                }
                if await body.send(chunk) { continue }
                discarded += chunk.readableBytes
                guard discarded <= limits.discard else { return false }
            case .end:
                body.finish()
                return true
            case .head, nil:
                body.finish(.failure(ChannelError.eof))
                return false
            }
        }
    }

    /// Fails a body of which nothing comes. The responder tells the client so, and then the connection ends.
    private func fail(_ body: RequestBody, after delay: TimeAmount, hasBegun: Bool) -> Scheduled<Void> {
        let (channel, linger) = (channel, limits.linger)
        return channel.eventLoop.scheduleTask(in: delay) {
            body.finish(
                .failure(RequestBodyFailure.silent(seconds: delay.nanoseconds / 1_000_000_000, hasBegun: hasBegun)))
            channel.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
        }
    }

    /// Ends the connection so that the peer can read the response to its end: RFC 9112 section 9.6.
    private func linger(_ parts: inout Parts) async throws {
        try await channel.close(mode: .output)
        let timer = close(after: limits.linger)
        defer { timer.cancel() }
        while try await parts.next() != nil {}
    }

    /// Closes the connection after `delay`, but not before the peer has taken all that was written: the end of the last response
    /// may still be on its way to a slow peer.
    private func closeWhenTaken(after delay: TimeAmount) -> RepeatedTask {
        let channel = channel
        return channel.eventLoop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { _ in
            guard channel.waitingOctets == 0 else { return }
            channel.close(promise: nil)
        }
    }

    private func close(after delay: TimeAmount) -> Scheduled<Void> {
        let channel = channel
        return channel.eventLoop.scheduleTask(in: delay) { channel.close(promise: nil) }
    }
}
