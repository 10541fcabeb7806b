import Testing

@testable import UVLoop

@Suite struct FifoTests {
    @Test func itIsAQueueWhateverIsDoneToIt() {
        for seed in 0..<20 {
            var random = SeededGenerator(seed: UInt64(seed))
            var fifo = Fifo<Int>()
            var model: [Int] = []
            for number in 0..<3_000 {
                switch Int.random(in: 0..<100, using: &random) {
                case ..<(number / 1_000 == 1 ? 30 : 55):
                    fifo.append(number)
                    model.append(number)
                case ..<98:
                    #expect(fifo.takeFirst() == (model.isEmpty ? nil : model.removeFirst()))
                case 98:
                    fifo.prepend(contentsOf: [number, -number])
                    model = [number, -number] + model
                default:
                    #expect(fifo.takeAll() == model)
                    model = []
                }
                #expect(fifo.count == model.count)
                #expect(fifo.isEmpty == model.isEmpty)
            }
        }
    }

    @Test func whatWasTakenIsLetGo() {
        var deaths = 0
        var fifo = Fifo<Canary>()
        for _ in 0..<10 { fifo.append(Canary { deaths += 1 }) }
        for count in 1...5 {
            _ = fifo.takeFirst()
            #expect(deaths == count)
        }
        _ = fifo.takeAll()
        #expect(deaths == 10)
    }
}
