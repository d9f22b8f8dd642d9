import HTTPServer
import JSONText

/// What the organisation is: resources, objects, fields, limits.
extension SalesforceSandbox {
    func resourceList(_ call: APICall) throws(RecordError) -> APIAnswer {
        try call.require("GET")
        var object = JSONObject()
        for name in ["sobjects", "query", "queryAll", "limits", "composite"] {
            object[name] = .string("\(call.basePath)/\(name)")
        }
        object["identity"] = .string(identityURL(call.request))
        return .json(.object(object))
    }

    func limits(_ call: APICall) throws(RecordError) -> APIAnswer {
        try call.require("GET")
        let used = usage.used(at: now)
        func limit(_ most: Int, _ remaining: Int) -> JSONValue {
            ["Max": .number(JSONNumber(most)), "Remaining": .number(JSONNumber(remaining))]
        }
        return .json([
            "DailyApiRequests": limit(usage.limit, max(0, usage.limit - used)),
            "DailyDeliveredPlatformEvents": limit(10_000, 10_000),
            "HourlyPublishedPlatformEvents": limit(50_000, 50_000),
            "DailyBulkApiBatches": limit(15_000, 15_000), "DailyBulkV2QueryJobs": limit(10_000, 10_000),
        ])
    }

    func objectList(_ call: APICall) -> APIAnswer {
        let objects = access.names.compactMap { access.object($0) }.map { JSONValue.object(summary($0, call)) }
        return .json(["encoding": "UTF-8", "maxBatchSize": 200, "sobjects": .array(objects)])
    }

    func basicInformation(_ object: ObjectDefinition, _ call: APICall) -> APIAnswer {
        .json(["objectDescribe": .object(summary(object, call)), "recentItems": []])
    }

    func describe(_ object: ObjectDefinition, _ call: APICall) -> APIAnswer {
        var result = summary(object, call)
        result["childRelationships"] = .array(
            object.children.filter { access.object($0.object) != nil }.map { child in
                [
                    "childSObject": .string(child.object), "field": .string(child.field),
                    "relationshipName": .string(child.name), "cascadeDelete": .bool(child.cascadeDelete),
                    "deprecatedAndHidden": false, "restrictedDelete": false,
                ]
            })
        result["fields"] = .array(object.fields.map { Self.describe($0) })
        return .json(.object(result))
    }

    private func summary(_ object: ObjectDefinition, _ call: APICall) -> JSONObject {
        let url = "\(call.basePath)/sobjects/\(object.name)"
        return [
            "name": .string(object.name), "label": .string(object.name), "labelPlural": .string(object.name + "s"),
            "keyPrefix": .string(object.keyPrefix), "custom": false, "queryable": true, "searchable": false,
            "createable": .bool(object.createable), "updateable": .bool(object.updateable),
            "deletable": .bool(object.deletable), "retrieveable": true, "deprecatedAndHidden": false,
            "urls": [
                "sobject": .string(url), "describe": .string(url + "/describe"), "rowTemplate": .string(url + "/{ID}"),
            ],
        ]
    }

    private nonisolated static func describe(_ field: FieldDefinition) -> JSONValue {
        var result: JSONObject = [
            "name": .string(field.name), "label": .string(field.label), "type": .string(field.type.rawValue),
            "soapType": .string(field.type.soapType), "length": .number(JSONNumber(field.length)),
            "byteLength": .number(JSONNumber(field.length * 3)), "precision": .number(JSONNumber(field.precision)),
            "scale": .number(JSONNumber(field.scale)), "digits": .number(JSONNumber(field.type == .int ? 9 : 0)),
            "custom": .bool(field.isCustom), "createable": .bool(field.createable),
            "updateable": .bool(field.updateable), "nillable": .bool(field.nillable),
            "defaultedOnCreate": .bool(field.defaultValue != nil || field.autoNumber),
            "calculated": .bool(field.calculated), "autoNumber": .bool(field.autoNumber),
            "externalId": .bool(field.externalId), "idLookup": .bool(isLookup(field)), "unique": .bool(field.unique),
            "caseSensitive": .bool(field.caseSensitive), "filterable": .bool(field.filterable),
            "sortable": .bool(field.filterable), "groupable": .bool(field.filterable),
            "permissionable": .bool(field.isCustom), "restrictedPicklist": .bool(field.restricted),
        ]
        result["picklistValues"] = .array(
            field.picklist.enumerated().map { position, value in
                [
                    "value": .string(value), "label": .string(value), "active": true,
                    "defaultValue": .bool(field.defaultValue == .text(value)), "validFor": nil,
                ]
            })
        result["referenceTo"] = .array(field.referenceTo.map(JSONValue.string))
        result["relationshipName"] = field.relationshipName.map(JSONValue.string) ?? .null
        if field.referenceTo.count > 1 { result["polymorphicForeignKey"] = true }
        result["compoundFieldName"] = field.compoundFieldName.map(JSONValue.string) ?? .null
        return .object(result)
    }

    /// External ids, ids and the numbers that Salesforce gives can look a record up.
    private nonisolated static func isLookup(_ field: FieldDefinition) -> Bool {
        field.externalId || field.type == .id || field.autoNumber
    }
}
