/// What a server is called in a report, and who is related to whom.
package struct ServerTitle {
    /// Servers of one family share a colour.
    package enum Family: String, CaseIterable {
        case ours, group, c, nio, dispatch, asyncio, uvloop, node, other
    }

    package var text: String
    package var family: Family
    /// The place among the relatives, by which lines of one colour are told apart.
    package var variant: Int

    private static let known: [String: (String, Family, Int)] = [
        "buffered": ("UVLoop buffered", .ours, 0),
        "protocol": ("UVLoop plain", .ours, 1),
        "stream": ("UVLoop stream", .ours, 2),
        "c": ("C on libuv", .c, 0),
        "c-queued": ("C, queued writes", .c, 1),
        "queued": ("C, queued writes", .c, 1),
        "epoll": ("C on epoll", .c, 2),
        "nio": ("SwiftNIO handler", .nio, 0),
        "nio-async": ("SwiftNIO async", .nio, 1),
        "dispatch": ("Dispatch source", .dispatch, 0),
        "foundation": ("Foundation run loop", .dispatch, 1),
        "asyncio": ("asyncio", .asyncio, 0),
        "asyncio-buffered": ("asyncio buffered", .asyncio, 1),
        "asyncio-streams": ("asyncio streams", .asyncio, 2),
        "uvloop": ("uvloop", .uvloop, 0),
        "uvloop-buffered": ("uvloop buffered", .uvloop, 1),
        "uvloop-streams": ("uvloop streams", .uvloop, 2),
        "node": ("Node", .node, 0),
    ]

    /// What a server is called whose name ends so: it is the same on a loop for each core.
    package static let groupSuffix = "-group"

    package init(_ name: String) {
        let isGroup = name.hasSuffix(Self.groupSuffix)
        let single = isGroup ? String(name.dropLast(Self.groupSuffix.count)) : name
        let found = Self.known[single] ?? (single, .other, 0)
        text = isGroup ? "\(found.0), group" : found.0
        family = isGroup ? .group : found.1
        variant = found.2
    }
}
