using System.CommandLine;
using Evidence;

namespace Ledger.Authority;

/// <summary>The verbs <c>ledger authority issuer|trust</c>: who may sign certificate codes.</summary>
internal static class IssuerVerbs
{
    public static Command Issuer()
    {
        var directory = AuthorityVerbs.DirectoryOption();
        var reason = AuthorityVerbs.ReasonOption();
        var name = new Option<string>("--name") { Description = "The issuer's name, as readers print it: \"Ministry of Health\".", Required = true };
        var jurisdiction = new Option<string>("--jurisdiction") { Description = "Where it speaks for: a country or its code.", Required = true };
        var days = new Option<int>("--days") { Description = "How long it may issue.", DefaultValueFactory = _ => 730 };
        var key = new Option<FileInfo>("--out") { Description = "Where the issuer's private key goes; give it to the issuer only.", Required = true };
        var verb = new Command("issuer", "Make an issuer of certificate codes: a key, and its entry in trust.json.") { directory, name, jurisdiction, days, key, reason };
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            var issuer = IssuerKeys.Make(given.GetValue(directory)!, given.GetValue(name)!, given.GetValue(jurisdiction)!, given.GetValue(days),
                given.GetValue(key)!.FullName, given.GetValue(reason), TimeProvider.System);
            Console.Out.WriteLine($"Made the issuer \"{issuer.Name}\" ({issuer.Jurisdiction}), key {issuer.Key.IdHex}.");
            Console.Out.WriteLine($"{given.GetValue(key)!.Name} is for the issuer only; {IssuerKeys.TrustFile} in {given.GetValue(directory)} is for everyone who reads codes.");
        }));
        return verb;
    }

    public static Command Trust()
    {
        var directory = AuthorityVerbs.DirectoryOption();
        var reason = AuthorityVerbs.ReasonOption();
        var lists = new Argument<FileInfo[]>("LIST") { Description = "Trust lists of other jurisdictions, coldproof-trust/1.", Arity = ArgumentArity.OneOrMore };
        var verb = new Command("trust", "Take other jurisdictions' issuers into this authority's trust.json. Compare their keys by another way first.")
        {
            lists, directory, reason,
        };
        verb.SetAction(given => AuthorityVerbs.Answer(() =>
        {
            foreach (var file in given.GetValue(lists)!)
            {
                foreach (var issuer in IssuerKeys.Add(given.GetValue(directory)!, TrustList.Parse(AuthorityVerbs.ReadBounded(file, TrustList.LengthMax)),
                    given.GetValue(reason), TimeProvider.System))
                {
                    Console.Out.WriteLine($"listed  {issuer.Key.IdHex}  {issuer.Jurisdiction}: {issuer.Name}");
                }
            }
        }));
        return verb;
    }
}
