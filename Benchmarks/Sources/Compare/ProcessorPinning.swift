import CAffinity

/// Ties children to a processor: they inherit what the spawning thread is tied to at that moment.
struct ProcessorPinning {
    private let allowed: [Int32]

    /// Where servers and load generator run; nil where there is only one processor.
    let serverProcessor: Int32?
    let generatorProcessor: Int32?

    /// A core for each, or for both all that there are.
    init(sharesCores: Bool) {
        allowed = [Int32](unsafeUninitializedCapacity: Int(AFFINITY_LIMIT)) { memory, count in
            count = max(0, Int(affinity_get(memory.baseAddress)))
        }
        serverProcessor = allowed.count > 1 && !sharesCores ? allowed[0] : nil
        generatorProcessor = allowed.count > 1 && !sharesCores ? allowed[1] : nil
    }

    func on<Result>(
        _ processor: Int32?, _ spawn: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let processor else { return try spawn() }
        guard affinity_set([processor], 1) == 0 else {
            throw Failure(message: "cannot run on processor \(processor)")
        }
        defer { _ = affinity_set(allowed, Int32(allowed.count)) }
        return try spawn()
    }
}
