import Testing

@testable import UVLoop

@Suite struct ReceiveBufferMisuseTests {
    enum Misuse: String, CaseIterable, Codable {
        case negativeLimit, limitMadeNegative, negativeRoom
        case commitWithoutRoom, commitBeyondRoom, secondCommitBeyondRoom, negativeCommit
        case commitBeyondTrimmedRoom, commitAfterRemoval
        case removalBeyondEnd, negativeRemoval, takingBeyondEnd, negativeTaking
        case byteSearchBeyondEnd, negativeByteSearch, searchBeyondEnd, negativeSearch

        /// What the program says at its end.
        var message: String {
            switch self {
            case .negativeLimit, .limitMadeNegative: "a limit is not negative"
            case .negativeRoom: "a room is not negative"
            case .commitWithoutRoom, .commitBeyondRoom, .secondCommitBeyondRoom, .negativeCommit,
                .commitBeyondTrimmedRoom, .commitAfterRemoval:
                "more was committed than was reserved"
            case .removalBeyondEnd, .negativeRemoval: "more was removed than is there"
            case .takingBeyondEnd, .negativeTaking: "more was taken than is there"
            case .byteSearchBeyondEnd, .negativeByteSearch, .searchBeyondEnd, .negativeSearch:
                "a search begins within the bytes"
            }
        }

        func happen() {
            var buffer = ReceiveBuffer(limit: self == .negativeLimit ? -1 : 100)
            buffer.append([1, 2, 3])
            switch self {
            case .negativeLimit: break
            case .limitMadeNegative: buffer.limit = -1
            case .negativeRoom: _ = buffer.reserve(-1)
            case .commitWithoutRoom:
                buffer.shrink()
                buffer.commit(1)
            case .commitBeyondRoom:
                let room = buffer.reserve(10)
                buffer.commit(room.count + 1)
            case .secondCommitBeyondRoom:
                let room = buffer.reserve(10)
                buffer.commit(room.count)
                buffer.commit(1)
            case .negativeCommit:
                _ = buffer.reserve(10)
                buffer.commit(-1)
            case .commitBeyondTrimmedRoom:
                buffer.limit = 50
                let room = buffer.reserve(1)
                buffer.commit(room.count + 1)
            case .commitAfterRemoval:
                _ = buffer.reserve(10)
                buffer.removeFirst(1)
                buffer.commit(1)
            case .removalBeyondEnd: buffer.removeFirst(4)
            case .negativeRemoval: buffer.removeFirst(-1)
            case .takingBeyondEnd: _ = buffer.take(4)
            case .negativeTaking: _ = buffer.take(-1)
            case .byteSearchBeyondEnd: _ = buffer.firstIndex(of: 1, from: 4)
            case .negativeByteSearch: _ = buffer.firstIndex(of: 1, from: -1)
            case .searchBeyondEnd: _ = buffer.firstIndex(of: "", from: 4)
            case .negativeSearch: _ = buffer.firstIndex(of: "a", from: -1)
            }
        }
    }

    @Test(arguments: Misuse.allCases)
    func stopsTheProgram(_ misuse: Misuse) async throws {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) { [misuse] in
            misuse.happen()
        }
        #expect(try #require(result).errorText.contains("ReceiveBuffer: \(misuse.message)"))
    }
}
