public import NIOCore

/// One entry of the dataset `strategy-choice/list` (ndn-cxx `mgmt/nfd/strategy-choice.hpp`).
public struct StrategyChoice: Equatable, Sendable {
    /// The namespace.
    public var name: Name
    /// What forwards its Interests: `/localhost/nfd/strategy/best-route/v=5`.
    public var strategy: Name

    /// The strategy of a namespace.
    public init(name: Name, strategy: Name) {
        self.name = name
        self.strategy = strategy
    }

    /// Below which the strategies of NFD have their names.
    public static let prefix = ManagementScope.localhost.prefix.appending(.generic("strategy"))

    /// NFD's best-route for a site's cache on a long line: an Interest for a name that is pending is passed on again after
    /// 200 ms at the soonest, where it would be after 10 ms (NFD `retx-suppression-exponential.hpp`), which is less than the
    /// line takes to answer, so that what several consumers ask for would cross the line for each of them. A line of 50 ms takes
    /// 100 when its queue is full, and on a busy machine it takes longer until NFD notices.
    public static let siteCache = prefix.appending(.generic("best-route")).appending(.version(5))
        .appending(.generic("retx-suppression-initial~200"))

    /// Reads the reassembled content of `strategy-choice/list`.
    public static func decodeList(_ content: ByteBuffer) throws(WireError) -> [StrategyChoice] {
        var reader = TLVReader(content)
        var choices: [StrategyChoice] = []
        while let element = try reader.next() {
            guard element.type == NFDType.strategyChoice else { throw .invalid }
            let parameters = try ControlParameters(fields: element.children)
            guard let name = parameters.name, let strategy = parameters.strategy else { throw .invalid }
            choices.append(StrategyChoice(name: name, strategy: strategy))
        }
        return choices
    }

    /// Appends the element.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.writeTLV(type: NFDType.strategyChoice) { inside in
            name.encode(into: &inside)
            inside.writeTLV(type: NFDType.strategy) { strategy.encode(into: &$0) }
        }
    }
}
