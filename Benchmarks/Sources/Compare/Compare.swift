import Foundation
import Report

/// Runs every workload against every server in turn and shows what each costs next to C.
@main
struct Compare {
    static func main() {
        let words = CommandLine.arguments.dropFirst()
        if words.contains(where: { ["help", "-h", "--help"].contains($0) }) {
            return print(Arguments.usage)
        }
        do {
            let arguments = try Arguments(words)
            if arguments.asksForMissing {
                return print(try Comparison.missing(arguments).joined(separator: " "))
            }
            let results = try arguments.source.map(read) ?? measure(arguments)
            print(ResultTable(results).text)
            try write(results, to: arguments.files)
            if results.absences.contains(where: { $0.workload != nil }) { exit(1) }
        } catch let error as Failure {
            LiveChildren.killAll()
            Progress.say("Compare: \(error.message)")
            exit(error.status)
        } catch {
            LiveChildren.killAll()
            Progress.say("Compare: \(error)")
            exit(1)
        }
    }

    private static func measure(_ arguments: Arguments) throws -> Results {
        LiveChildren.killThemOnSignals()
        DescriptorLimit.raise()
        var comparison = try Comparison(arguments)
        return comparison.run()
    }

    private static func read(_ file: String) throws -> Results {
        try JSONDecoder().decode(Results.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    private static func write(
        _ results: Results, to files: [Arguments.Output: String]
    ) throws {
        for (output, file) in files {
            let data =
                switch output {
                case .json: try results.json()
                case .html: Data(Page(results).html.utf8)
                case .svg: Data(Overview(results).svg.utf8)
                }
            try data.write(to: URL(fileURLWithPath: file))
        }
    }
}
