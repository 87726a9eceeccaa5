#include <iostream>
#include <vector>

#include "tidy/rules.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: wasmax_tidy REPOSITORY\n";
        return 2;
    }
    const std::vector<wasmax::tidy::Finding> findings = wasmax::tidy::check_repository(argv[1]);
    for (const wasmax::tidy::Finding& finding : findings) {
        std::cout << to_string(finding) << '\n';
    }
    std::cout << "own tidy: " << findings.size() << " findings\n";
    return findings.empty() ? 0 : 1;
}
