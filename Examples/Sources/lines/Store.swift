import UVLoop

/// What all clients share: an actor on the loop, so that those who serve them get there without
/// leaving its thread.
actor Store {
    static let mostEntries = 10_000

    private let loop: EventLoop
    private var entries: [String: String] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

    init(on loop: EventLoop) { self.loop = loop }

    /// Does what a client asked for; the answer.
    func perform(_ command: Command) -> String {
        switch command {
        case .set(let name, let text):
            guard entries[name] != nil || entries.count < Self.mostEntries else {
                return "ERROR the store is full"
            }
            entries[name] = text
            return "OK"
        case .get(let name): return entries[name].map { "VALUE \($0)" } ?? "NONE"
        case .delete(let name): return entries.removeValue(forKey: name) == nil ? "NONE" : "OK"
        case .quit: return "BYE"
        }
    }
}
