public import NIOCore

/// The answer to an NFD management command (docs/protocol.md 8.5): the Content of a Data named exactly like the command.
public struct ControlResponse: Equatable, Sendable {
    /// HTTP-like: 200 done, 400 bad parameters, 403 not authorized, 404 no such face, 414 name too long, …
    public var code: UInt64
    /// The forwarder's sentence about it, for people.
    public var text: String
    /// What was done, on success; on 409 of `faces/create` the face that exists already.
    public var body: ControlParameters?

    /// An answer with this code, text and, where the command has one, body.
    public init(code: UInt64, text: String, body: ControlParameters? = nil) {
        self.code = code
        self.text = text
        self.body = body
    }

    /// Whether the command was carried out.
    public var isSuccess: Bool { code == 200 }

    /// Reads a ControlResponse element: StatusCode, StatusText and, ignored unless it is ControlParameters, a body.
    public init(decoding element: ByteBuffer) throws(WireError) {
        var reader = try TLVElement.unwrap(NFDType.controlResponse, from: element)
        guard let code = try reader.next(), code.type == NFDType.statusCode,
            let text = try reader.next(), text.type == NFDType.statusText
        else { throw .invalid }
        self.init(code: try code.number(), text: text.value.text)
        if let body = try reader.next(), body.type == NFDType.controlParameters {
            self.body = try ControlParameters(fields: body.children)
        }
    }

    /// The element.
    public func encode() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeTLV(type: NFDType.controlResponse) { inside in
            inside.writeTLV(type: NFDType.statusCode, number: code)
            inside.writeTLV(type: NFDType.statusText, bytes: text.utf8)
            if let body {
                var encoded = body.encode()
                inside.writeBuffer(&encoded)
            }
        }
        return buffer
    }
}
